"""An answer that makes the same call again."""

from collections.abc import Sequence

from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    ReasoningState,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from llm_proxy.pipeline.parts import Seal
from llm_proxy.stages.loop_detection.calls import CALL_NOTICE, CallGuard
from llm_proxy.stages.loop_detection.history import call_digest
from llm_proxy.stages.loop_detection.options import TurnsOptions
from llm_proxy.stages.loop_detection.stuck import Stuck
from tests.unit.stages.loop_detection.talking import called

STUCK = Stuck("read", 1, 5, 4, call_digest("read", '{"path": "a"}'))
STOPPED = [TextDelta(CALL_NOTICE), Finish("stop"), End()]


def passed(events: Sequence[Event], stuck: Stuck | None = STUCK, **options: object) -> list[Event]:
    guard = CallGuard(stuck, TurnsOptions.model_validate(options), TOLD.append)
    return [one for event in events for one in guard(event)]


TOLD: list[str] = []


def test_the_same_call_again_is_not_made() -> None:
    TOLD.clear()
    events = [TextDelta("Let me look."), *called("read", '{"path":"a"}'), Finish("tool_calls")]
    assert [TextDelta("Let me look."), *STOPPED] == passed(events)
    assert TOLD == ["read"]


def test_another_call_passes() -> None:
    for other in (called("read", '{"path": "b"}'), called("write", '{"path": "a"}')):
        events = [*other, *called("read", '{"path": "a"}', 1), Finish("tool_calls"), End()]
        assert events == passed(events)


def test_a_call_of_another_tool_is_not_held_back() -> None:
    guard = CallGuard(STUCK, TurnsOptions(), TOLD.append)
    start = ToolCallStart(0, "1", "write")
    assert list(guard(start)) == [start]


def test_text_is_not_held_back() -> None:
    guard = CallGuard(STUCK, TurnsOptions(), TOLD.append)
    assert list(guard(TextDelta("hi"))) == [TextDelta("hi")]


def test_the_tool_whose_error_comes_again_is_not_called() -> None:
    error = Stuck("edit", 1, 7, 6, None)
    assert passed(called("edit", '{"new": 1}'), error) == STOPPED
    assert passed(called("read", "{}"), error) == list(called("read", "{}"))


def test_a_call_that_never_ends_is_let_go_with_the_answer() -> None:
    events = [*called("read", '{"path": "a"}')[:-1], Finish("length"), End()]
    assert events == passed(events)


def test_the_same_call_many_times_in_one_answer() -> None:
    TOLD.clear()
    calls = [event for n in range(9) for event in called("read", '{"path": "a"}', n)]
    events = passed(calls, None)
    assert [*calls[:16], TextDelta(CALL_NOTICE), Finish("tool_calls"), End()] == events
    assert TOLD == ["read"]


def test_other_calls_in_one_answer_pass() -> None:
    calls = [event for n in range(9) for event in called("read", f'{{"path": "{n}"}}', n)]
    assert calls == passed(calls, None)


def test_exempt_tools_pass() -> None:
    calls = [event for n in range(9) for event in called("wait_for_it", "{}", n)]
    assert calls == passed(calls, None, exempt=["wait*"])


def test_arguments_too_long_to_keep_pass() -> None:
    calls = [*called("read", '{"path": "' + "x" * 20_000 + '"}'), Finish("tool_calls"), End()]
    assert calls == passed(calls)
    assert calls == passed(calls, None)


def test_calls_whose_ends_come_at_the_end_of_the_answer() -> None:
    """As vendors stream them that do not tell where a call ends."""
    calls = [event for n in range(9) for event in called("read", '{"path": "a"}', n)[:-1]]
    ends = [ToolCallEnd(n) for n in range(9)]
    events = passed([*calls, *ends, Finish("tool_calls"), End()], None)
    ending = [*ends[:4], TextDelta(CALL_NOTICE), Finish("tool_calls"), End()]
    assert [*calls[:12], *ending] == events


def test_the_first_of_several_calls_whose_ends_come_late() -> None:
    calls = [*called("read", '{"path": "a"}')[:-1], *called("write", "{}", 1)[:-1]]
    ends = [ToolCallEnd(0), ToolCallEnd(1), Finish("tool_calls"), End()]
    assert passed([*calls, *ends]) == STOPPED
    other = [*called("read", '{"path": "b"}')[:-1], *called("write", "{}", 1)[:-1]]
    assert passed([*other, *ends]) == [*other, *ends]


def test_calls_that_begin_together_are_not_taken_for_the_same() -> None:
    starts = [ToolCallStart(n, str(n), "read") for n in range(9)]
    deltas = [ToolCallDelta(n, f'{{"path": "{n}"}}') for n in range(9)]
    ends = [ToolCallEnd(n) for n in range(9)]
    events = [*starts, *deltas, *ends, Finish("tool_calls"), End()]
    assert events == passed(events, None)


def test_a_call_that_ends_before_the_first_one_waits_with_it() -> None:
    first = called("read", '{"path": "a"}')
    events = [first[0], *called("write", "{}", 1), *first[1:], Finish("tool_calls"), End()]
    assert passed(events) == STOPPED


def test_state_that_belongs_to_a_call_goes_with_it() -> None:
    state, own = (ReasoningState(Seal("d", {"x": 1}, call=call)) for call in ("new_0", None))
    assert passed([own, state, *called("read", '{"path": "a"}')]) == [own, *STOPPED]
    other = [own, state, *called("read", '{"path": "b"}')]
    assert other == passed(other)
    assert [state, TextDelta("hi")] == passed([state, TextDelta("hi")])
