"""What becomes of an answer that goes round in circles."""

from collections.abc import Sequence

import pytest

from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    Frame,
    ReasoningDelta,
    ReasoningState,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Seal
from llm_proxy.stages.loop_detection.guard import NOTICE, Guard, cut_back
from llm_proxy.stages.loop_detection.thresholds import Thresholds
from llm_proxy.stages.loop_detection.watch import Found, Watch
from tests.unit.stages.loop_detection.talking import BEGUN, LOOP, called

ENDED = [TextDelta(NOTICE), Finish("stop"), End()]


def streamed(events: Sequence[Event], *, goes_on: bool = False) -> list[Event]:
    told: list[Found] = []
    guard = Guard(Watch(Thresholds(), lambda _: False), told.append, goes_on=goes_on)
    passed = [one for event in events for one in guard(event)]
    assert len(told) == 1
    return passed


def whole(events: Sequence[Event]) -> list[Event]:
    watch = Watch(Thresholds(), lambda _: False)
    found = next(filter(None, map(watch.see, events)))
    return cut_back(events, found)


@pytest.mark.parametrize("delta", [TextDelta, ReasoningDelta])
def test_a_stream_ends_where_the_loop_is_recognised(
    delta: type[TextDelta | ReasoningDelta],
) -> None:
    events = [delta(BEGUN), delta(LOOP[310:]), delta("more"), Finish("stop"), End()]
    assert [delta(BEGUN), *ENDED] == streamed(events)


def test_what_has_not_been_sent_is_cut_back_to_the_first_round() -> None:
    assert streamed([TextDelta(LOOP, Frame(b"raw", 1, "f"))]) == [TextDelta("again and "), *ENDED]


def test_arguments_end_as_by_a_limit() -> None:
    start = ToolCallStart(0, "1", "write")
    events = [start, ToolCallDelta(0, '{"x": "'), *[ToolCallDelta(0, LOOP[:100])] * 20]
    passed = streamed(events)
    assert passed[-4:] == [ToolCallEnd(0), TextDelta(NOTICE), Finish("length"), End()]
    assert passed[:3] == events[:3]


def test_a_call_that_is_open_is_ended_where_a_text_loops() -> None:
    start = ToolCallStart(3, "1", "write")
    assert streamed([start, TextDelta(LOOP)])[-4:] == [ToolCallEnd(3), *ENDED]


def test_it_may_only_be_told() -> None:
    events = [TextDelta(LOOP), TextDelta(LOOP), Finish("stop"), End()]
    assert events == streamed(events, goes_on=True)


def test_a_whole_answer_is_cut_back_though_it_came_in_pieces() -> None:
    pieces: list[Event] = [TextDelta(LOOP[start : start + 7]) for start in range(0, 1000, 7)]
    events = [Start("id", "m", 1), *pieces, Usage(1, 2), Finish("length"), End()]
    assert whole(events) == [
        Start("id", "m", 1),
        TextDelta("again a"),
        TextDelta("nd "),
        TextDelta(NOTICE),
        Finish("stop"),
        Usage(1, 2),
        End(),
    ]


def test_what_came_before_the_loop_stays_whole() -> None:
    before, frame = "This is it: ", Frame(b"raw", 1, "f")
    events = [ReasoningDelta("hm", frame), TextDelta(before, frame), TextDelta(LOOP, frame), End()]
    first, second, third, *_ = whole(events)
    assert first is events[0]
    assert second is events[1]
    assert third == TextDelta("again and")


def test_a_call_with_a_loop_in_it_is_left_out() -> None:
    state = ReasoningState(Seal("d", {"x": 1}, call="2"))
    loop = [
        state,
        ToolCallStart(1, "2", "write"),
        ToolCallDelta(1, '{"x": "' + LOOP),
        ToolCallEnd(1),
    ]
    alone = whole([TextDelta("Now."), *loop, Finish("length"), End()])
    assert alone == [TextDelta("Now."), *ENDED]
    other = list(called("read", "{}"))
    beside = whole([*other, *loop, Finish("length"), End()])
    assert beside == [*other, TextDelta(NOTICE), Finish("tool_calls"), End()]
