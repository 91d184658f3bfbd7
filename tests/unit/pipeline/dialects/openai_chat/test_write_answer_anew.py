"""Events of other dialects, and frames of which some were changed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from llm_proxy.pipeline.dialects.openai_chat.read_answer import ChunkReader
from llm_proxy.pipeline.dialects.openai_chat.read_message import read_message
from llm_proxy.pipeline.dialects.openai_chat.write_answer import ChunkWriter, write_completion
from llm_proxy.pipeline.dialects.seals import tag
from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    FinishReason,
    ReasoningDelta,
    ReasoningState,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Reasoning, Seal
from tests.unit.pipeline.dialects.openai_chat.chunks import DONE, HEAD, STOP, chunks_in, delta

START = Start("c1", "m", 5)
SEAL = Seal("d", {"signature": "s"}, "vendor")
BOUND = Seal("d", {"signature": "t"}, "vendor", "1")
OWN = Seal("openai_chat", {"reasoning_details": [{"type": "x", "index": 0}]}, "vendor")
TAGGED = {"type": "reasoning.encrypted", "data": tag([SEAL]), "format": "px1", "index": 0}
FIRST = HEAD + b'{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
USAGE = HEAD + b'],"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14}}\n\n'


def stream(*events: Event) -> list[Any]:
    chunks = chunks_in(ChunkWriter(wants_usage=True).write([START, *events]))
    for chunk in chunks:
        if '"custom"' not in json.dumps(chunk):  # which the SDK takes and does not type
            ChatCompletionChunk.model_validate(chunk)
    return chunks


def deltas(*events: Event) -> list[Any]:
    return [chunk["choices"][0]["delta"] for chunk in stream(*events)]


def choice(*events: Event, reason: FinishReason = "stop") -> Any:
    sent = write_completion([START, *events, Finish(reason), End()])
    ChatCompletion.model_validate_json(sent)
    return json.loads(sent)["choices"][0]


def message(*events: Event) -> Any:
    return choice(*events)["message"]


def test_a_refusal_is_no_content() -> None:
    assert {"role": "assistant", "content": None, "refusal": "no"} == deltas(RefusalDelta("no"))[0]
    assert (None, "no") == (
        message(RefusalDelta("no"))["content"],
        message(RefusalDelta("no"))["refusal"],
    )


def test_reasoning_stands_in_a_field_of_its_own() -> None:
    assert "hm" == deltas(ReasoningDelta("hm"))[0]["reasoning_content"]
    assert ("hm", "a") == (
        message(ReasoningDelta("hm"), TextDelta("a"))["reasoning_content"],
        message(ReasoningDelta("hm"), TextDelta("a"))["content"],
    )


def test_other_vendors_state_is_tagged_and_found_again() -> None:
    events = [ReasoningState(SEAL), ReasoningState(BOUND), TextDelta("a")]
    made = message(*events)
    assert TAGGED == made["reasoning_details"][0]
    assert "1" == made["reasoning_details"][1]["id"]
    parts = read_message(made, 0).parts
    assert [SEAL, BOUND] == [part.seal for part in parts if isinstance(part, Reasoning)]
    sent = [detail for each in deltas(*events) for detail in each.get("reasoning_details", ())]
    assert [TAGGED["data"], tag([BOUND])] == [detail["data"] for detail in sent]
    assert [0, 1] == [detail["index"] for detail in sent]


def test_state_of_this_dialect_is_written_as_it_is() -> None:
    assert [{"type": "x", "index": 0}] == message(ReasoningState(OWN))["reasoning_details"]
    assert [{"type": "x", "index": 0}] == deltas(ReasoningState(OWN))[0]["reasoning_details"]


CUSTOM = [ToolCallStart(0, "1", "g", custom=True), ToolCallDelta(0, "x "), ToolCallDelta(0, "y")]


def test_a_call_of_free_text() -> None:
    opened, *pieces = (each["tool_calls"][0] for each in deltas(*CUSTOM, ToolCallEnd(0)))
    assert ("1", "custom", {"name": "g", "input": ""}) == (
        opened["id"],
        opened["type"],
        opened["custom"],
    )
    expected = [{"index": 0, "custom": {"input": text}} for text in ("x ", "y")]
    assert expected == pieces
    (made,) = message(*CUSTOM, ToolCallEnd(0))["tool_calls"]
    assert {"id": "1", "type": "custom", "custom": {"name": "g", "input": "x y"}} == made


def test_a_call_of_free_text_without_any_stays_without() -> None:
    bare: Sequence[Event] = [CUSTOM[0], ToolCallEnd(0)]
    assert 1 == len(deltas(*bare))
    assert "" == message(*bare)["tool_calls"][0]["custom"]["input"]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("context_full", "length"),
        ("pause", "stop"),
        ("content_filter", "content_filter"),
        ("tool_calls", "tool_calls"),
    ],
)
def test_why_it_finished(reason: FinishReason, expected: str) -> None:
    assert expected == stream(Finish(reason))[0]["choices"][0]["finish_reason"]
    assert expected == choice(reason=reason)["finish_reason"]


def test_all_counts_are_told() -> None:
    sent = stream(Finish("stop"), Usage(130, 30, 100, 12, cache_write_tokens=20), End())[-1]
    assert {
        "prompt_tokens": 130,
        "completion_tokens": 30,
        "total_tokens": 160,
        "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 12},
    } == sent["usage"]


def touched(stream_: bytes, *kinds: type[Event]) -> list[Event]:
    """The events of a stream, those of some kinds no longer as they came."""
    events = ChunkReader().feed(stream_)
    return [replace(e, frame=None) if isinstance(e, kinds) else e for e in events]


def test_counts_that_were_changed_come_before_the_end_that_was_not() -> None:
    events = touched(FIRST + STOP + USAGE + DONE, Usage)
    sent = ChunkWriter(wants_usage=True).write(events)
    assert sent.startswith(FIRST + STOP)
    assert sent.endswith(DONE)
    (chunk,) = chunks_in(sent.removeprefix(FIRST + STOP).removesuffix(DONE))
    assert (9, []) == (chunk["usage"]["prompt_tokens"], chunk["choices"])
    assert FIRST + STOP + DONE == ChunkWriter(wants_usage=False).write(events)


def test_counts_that_were_relayed_are_not_told_again() -> None:
    events = touched(FIRST + STOP + USAGE + DONE, End)
    assert FIRST + STOP + USAGE + DONE == ChunkWriter(wants_usage=True).write(events)


def test_pieces_of_a_relayed_call_of_free_text_keep_its_form() -> None:
    opening = delta(
        {
            "content": "a",
            "tool_calls": [{"index": 0, "id": "1", "type": "custom", "custom": {"name": "g"}}],
        }
    )
    piece = delta({"tool_calls": [{"index": 0, "custom": {"input": "x"}}]})
    events = touched(FIRST + opening + piece, ToolCallDelta)
    sent = ChunkWriter(wants_usage=True).write(events)
    assert sent.startswith(FIRST + opening)
    (chunk,) = chunks_in(sent.removeprefix(FIRST + opening))
    assert [{"index": 0, "custom": {"input": "x"}}] == chunk["choices"][0]["delta"]["tool_calls"]
