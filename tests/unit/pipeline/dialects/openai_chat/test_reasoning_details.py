"""State as OpenRouter hands it out, read and given back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest

from llm_proxy.pipeline.dialects.openai_chat.formats import CHUNKS
from llm_proxy.pipeline.dialects.openai_chat.read_answer import ChunkReader, read_completion
from llm_proxy.pipeline.dialects.openai_chat.reasoning_details import ReasoningDetails
from llm_proxy.pipeline.events import Event, Frame, ReasoningDelta, ReasoningState, TextDelta
from llm_proxy.pipeline.parts import Seal
from tests.unit.pipeline.dialects.openai_chat.chunks import DONE, STOP, delta

FRAME = Frame(b"", 1, CHUNKS)
THOUGHT = {"type": "reasoning.text", "text": "hm", "signature": None, "index": 0}
SIGNED = {"type": "reasoning.text", "signature": "s", "index": 0}
HIDDEN = {"type": "reasoning.encrypted", "data": "AA", "id": "r1", "index": 1}


def state(*details: Any) -> ReasoningState:
    return ReasoningState(Seal("openai_chat", {"reasoning_details": list(details)}, "vendor"))


def bare(events: Sequence[Event]) -> list[Event]:
    return [replace(event, frame=None) for event in events]


def streamed(*frames: bytes) -> list[Event]:
    reader = ChunkReader("vendor")
    events = [event for frame in (*frames, STOP, DONE) for event in reader.feed(frame)]
    kinds = (ReasoningDelta, ReasoningState, TextDelta)
    return [event for event in bare(events) if isinstance(event, kinds)]


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([THOUGHT, SIGNED], [{**THOUGHT, "signature": "s"}]),
        ([THOUGHT, {**THOUGHT, "text": "m"}], [{**THOUGHT, "text": "hmm"}]),
        ([THOUGHT, HIDDEN, SIGNED], [{**THOUGHT, "signature": "s"}, HIDDEN]),
        ([HIDDEN, {**HIDDEN, "data": "BB"}], [{**HIDDEN, "data": "AABB"}]),
        ([{"type": "x"}, {"type": "x"}], [{"type": "x"}, {"type": "x"}]),
        ([{"index": "0"}, {"index": None}], [{"index": "0"}, {"index": None}]),
    ],
)
def test_pieces_of_one_place_are_joined(pieces: list[Any], expected: list[Any]) -> None:
    details = ReasoningDetails("vendor")
    for piece in pieces:
        details.read([piece])
    assert [state(*expected)] == bare(details.close(FRAME))
    assert [] == details.close(FRAME)


def test_what_was_read_is_not_changed() -> None:
    details, first = ReasoningDetails("vendor"), dict(THOUGHT)
    details.read([first])
    details.read([SIGNED])
    assert THOUGHT == first


def test_state_is_whole_once_something_is_said() -> None:
    events = streamed(
        delta({"reasoning_details": [THOUGHT]}),
        delta({"reasoning_details": [SIGNED]}),
        delta({"content": "a"}),
    )
    expected = [ReasoningDelta("hm"), state({**THOUGHT, "signature": "s"}), TextDelta("a")]
    assert expected == events


def test_what_was_thought_is_told_once() -> None:
    events = streamed(delta({"reasoning": "hm", "reasoning_details": [THOUGHT]}))
    assert [ReasoningDelta("hm"), state(THOUGHT)] == events


def test_state_that_comes_behind_the_text_is_not_lost() -> None:
    events = streamed(delta({"content": "a"}), delta({"reasoning_details": [HIDDEN]}))
    assert [TextDelta("a"), state(HIDDEN)] == events


def test_state_of_a_whole_answer() -> None:
    message = {"content": "a", "reasoning": "hm", "reasoning_details": [THOUGHT, HIDDEN]}
    body = orjson.dumps({"choices": [{"message": message, "finish_reason": "stop"}]})
    events = bare(read_completion(body, "vendor"))[1:4]
    assert [ReasoningDelta("hm"), state(THOUGHT, HIDDEN), TextDelta("a")] == events


@pytest.mark.parametrize("details", [None, "x", {}, [], ["x"], [None]])
def test_what_is_no_list_of_details_is_nothing(details: object) -> None:
    assert [TextDelta("a")] == streamed(delta({"content": "a", "reasoning_details": details}))
