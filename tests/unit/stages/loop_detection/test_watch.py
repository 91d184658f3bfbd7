"""What of an answer is watched."""

from llm_proxy.pipeline.events import (
    Event,
    KeepAlive,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from llm_proxy.stages.loop_detection.repeats import Loop
from llm_proxy.stages.loop_detection.thresholds import Thresholds
from llm_proxy.stages.loop_detection.watch import Found, Watch
from tests.unit.stages.loop_detection.talking import BEGUN, LOOP


def seen(*events: Event) -> Found | None:
    watch = Watch(Thresholds(), lambda _: False)
    return next(filter(None, map(watch.see, events)), None)


def test_text_and_reasoning() -> None:
    assert seen(TextDelta(LOOP)) == Found("text", Loop(0, 10, 320), 10)
    assert seen(ReasoningDelta(LOOP)) == Found("reasoning", Loop(0, 10, 320), 10)


def test_each_text_is_watched_for_itself() -> None:
    assert seen(TextDelta(BEGUN), ReasoningDelta(BEGUN), ToolCallDelta(0, BEGUN)) is None
    assert seen(ToolCallDelta(0, BEGUN), ToolCallDelta(1, BEGUN)) is None


def test_arguments() -> None:
    found = seen(ToolCallStart(2, "1", "t"), ToolCallDelta(2, '{"x": "' + LOOP))
    assert found is not None
    assert (found.place, found.call, found.loop.period) == ("arguments", 2, 10)


def test_how_much_of_the_last_piece_belongs_to_the_first_round() -> None:
    long = LOOP[:300] + "The end of a round that is long. "
    found = seen(TextDelta("x" * 95), TextDelta(long), TextDelta(long), TextDelta(long * 9))
    assert found is not None
    assert found.room == 0
    found = seen(TextDelta(long * 9))
    assert found is not None
    assert found.room == found.loop.begins + found.loop.period


def test_what_has_no_text_is_let_be() -> None:
    watch = Watch(Thresholds(), lambda _: False)
    assert watch.see(KeepAlive()) is None
    watch.see(ToolCallStart(0, "1", "t"))
    watch.see(ToolCallStart(1, "2", "t"))
    watch.see(ToolCallEnd(0))
    assert watch.open_calls == {1}
