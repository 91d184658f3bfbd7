"""Whatever a stage does to an answer, what is written is a stream that the SDK reads."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.anthropic_messages.write_stream import MessageWriter
from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    Opaque,
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
from llm_proxy.pipeline.parts import Seal
from tests.unit.pipeline.dialects.anthropic_messages.frames import (
    CALLED,
    HEAD,
    PING,
    SAID,
    SERVED,
    TAIL,
    THOUGHT,
    data_in,
    events_in,
    finished,
    message_in,
)

SEAL = Seal("gemini", {"x": 1}, "google")

BODIES = [
    [*SAID, *CALLED],
    [*THOUGHT, *CALLED],
    [*SAID, PING, *SERVED],
    [*THOUGHT, *(one.replace(b'"index":0', b'"index":1') for one in SAID)],
]
WORDS: list[Event] = [
    TextDelta("x"),
    TextDelta(""),
    ReasoningDelta("y"),
    RefusalDelta("z"),
    ReasoningState(SEAL),
]
_WHOLE = (Start, Finish, End, ToolCallStart, ToolCallDelta, ToolCallEnd)
"""Events without which an answer is none."""

ACTS = ["keep", "keep", "keep", "anew", "drop", "before", "behind"]


def numbers_are_in_order(stream: bytes) -> None:
    starts = [one["index"] for one in data_in(stream, "content_block_start")]
    stops = [one["index"] for one in data_in(stream, "content_block_stop")]
    assert list(range(len(starts))) == starts == stops


@given(st.data(), st.sampled_from(BODIES), st.integers(1, 9))
def test_a_stage_may_do_what_it_likes(data: st.DataObject, body: Any, size: int) -> None:
    changed: list[Event] = []
    for event in events_in([HEAD, *body, finished(), TAIL]):
        act = data.draw(st.sampled_from(ACTS))
        if isinstance(event, _WHOLE):
            act = "anew" if act == "anew" else "keep"
        if isinstance(event, Opaque) and event.frame and b"_stop" in event.frame.raw:
            act = "keep"
        word = data.draw(st.sampled_from(WORDS)) if act in ("before", "behind") else None
        is_early = isinstance(event, Start)
        if word and act == "before" and not is_early:
            changed.append(word)
        if act == "anew" and not isinstance(event, Opaque):
            changed.append(replace(event, frame=None))
        elif act != "drop":
            changed.append(event)
        if word and act == "behind" and not isinstance(event, End | Finish):
            changed.append(word)
    writer = MessageWriter()
    groups = [changed[at : at + size] for at in range(0, len(changed), size)]
    stream = b"".join(writer.write(group) for group in groups)
    numbers_are_in_order(stream)
    message = message_in(stream)
    expected = "".join(e.text for e in changed if isinstance(e, TextDelta | RefusalDelta))
    assert expected == "".join(b["text"] for b in message["content"] if b["type"] == "text")
    assert message["stop_reason"]


pieces: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from(WORDS),
    st.builds(ToolCallDelta, st.integers(0, 2), st.sampled_from(["", "{}"])),
    st.builds(ToolCallEnd, st.integers(0, 2)),
    st.just(Usage(5, 5)),
    st.just(Opaque(content="x")),
)


@given(st.lists(pieces, max_size=12), st.lists(st.integers(0, 12), min_size=3, max_size=3))
def test_calls_of_another_vendor_may_come_mixed(events: list[Event], places: list[int]) -> None:
    said: list[Event] = []
    for event in events:
        if not isinstance(event, ToolCallDelta) or event not in said:  # arguments once
            said.append(event)
    for index, place in enumerate(sorted(places)):
        said.insert(place, ToolCallStart(index, f"c{index}", "f", custom=index == 1))
    stream = MessageWriter().write([Start("c", "m", 1), *said, Finish("tool_calls"), End()])
    numbers_are_in_order(stream)
    calls = [b for b in message_in(stream)["content"] if b["type"] == "tool_use"]
    assert ["c0", "c1", "c2"] == sorted(call["id"] for call in calls)
