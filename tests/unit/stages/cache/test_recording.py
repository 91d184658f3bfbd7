"""What is noted of an answer."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    Frame,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    ReasoningState,
    RefusalDelta,
    Start,
    TextDelta,
    TokenCount,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Seal
from llm_proxy.stages.cache.recording import Recording

START, STOP, END = Start("id", "m", 1), Finish("stop"), End()
HI = TextDelta("hi")


def recorded(events: Sequence[Event], largest: int = 1000) -> tuple[Event, ...] | None:
    recording = Recording(largest)
    for event in events:
        assert (event,) == recording(event)
    return recording.complete


def test_pieces_are_put_together_and_signs_of_life_left_out() -> None:
    frame = Frame(b"raw", 1, "f")
    state = ReasoningState(Seal("d", {}))
    events: list[Event] = [
        START,
        KeepAlive(),
        ReasoningDelta("h"),
        ReasoningDelta("m"),
        state,
        ReasoningDelta("!"),
        TextDelta("h", frame),
        Opaque(frame),
        TextDelta("i", frame),
        ToolCallStart(0, "a", "f"),
        ToolCallStart(1, "b", "g"),
        ToolCallDelta(0, "{"),
        ToolCallDelta(0, "}"),
        ToolCallDelta(1, "["),
        ToolCallDelta(0, ""),
        ToolCallEnd(0),
        ToolCallEnd(1),
        Usage(1, 2),
        Finish("tool_calls"),
        END,
    ]
    assert (
        START,
        ReasoningDelta("hm"),
        state,
        ReasoningDelta("!"),
        HI,
        ToolCallStart(0, "a", "f"),
        ToolCallStart(1, "b", "g"),
        ToolCallDelta(0, "{}"),
        ToolCallDelta(1, "["),
        ToolCallDelta(0, ""),
        ToolCallEnd(0),
        ToolCallEnd(1),
        Usage(1, 2),
        Finish("tool_calls"),
        END,
    ) == recorded(events)


@given(st.lists(st.text(max_size=3)))
def test_no_text_is_lost(texts: list[str]) -> None:
    found = recorded([START, *map(TextDelta, texts), ToolCallStart(0, "a", "f"), STOP, END])
    assert found
    text = "".join(texts)
    assert [TextDelta(text)] * bool(text) == [one for one in found if isinstance(one, TextDelta)]


NOT_KEPT: dict[str, list[Event]] = {
    "nothing": [],
    "not over": [START, HI, STOP],
    "too long for the client": [START, HI, Finish("length"), END],
    "too long for the model": [START, HI, Finish("context_full"), END],
    "filtered": [START, HI, Finish("content_filter"), END],
    "paused": [START, HI, Finish("pause"), END],
    "no finish": [START, HI, END],
    "empty": [START, STOP, END],
    "empty texts": [START, TextDelta(""), STOP, END],
    "only thought": [START, ReasoningDelta("hm"), STOP, END],
    "refused": [START, RefusalDelta("no"), STOP, END],
    "broken": [START, HI, Failure(UpstreamBroken("torn"))],
    "counted": [TokenCount(3), END],
    "what only its own dialect has": [START, HI, Opaque(None, "annotations"), STOP, END],
}


@pytest.mark.parametrize("events", NOT_KEPT.values(), ids=list(NOT_KEPT))
def test_what_is_not_kept(events: list[Event]) -> None:
    assert recorded(events) is None


def test_what_is_too_large_is_not_kept_and_takes_no_room() -> None:
    assert recorded([START, TextDelta("x" * 9), STOP, END], 9)
    recording = Recording(9)
    for event in (START, TextDelta("x" * 9), ReasoningDelta("y"), TextDelta("z"), STOP, END):
        recording(event)
    assert (None, [], []) == (recording.complete, recording._events, recording._pieces)
