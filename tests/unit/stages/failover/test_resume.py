"""Going on with an answer that broke in the middle."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.continuing import GO_ON
from llm_proxy.pipeline.errors import (
    Kind,
    ProxyError,
    UpstreamBroken,
    UpstreamRefused,
    UpstreamUnavailable,
)
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    KeepAlive,
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
from llm_proxy.pipeline.parts import Seal, Text
from llm_proxy.stages.failover.resume import Continuation, overlap
from tests.support.stages import asking, said, text_of
from tests.support.targets import Farm, Turn, played

CUT = UpstreamBroken("cut")


def begun(*events: Event) -> Turn:
    return Turn(events=[Start("i", "m", 1), *events, Failure(CUT)])


def farm(first: Turn, *others: Turn | ProxyError, **options: Any) -> Farm:
    names = "abcdefgh"
    scripts = dict(zip(names, (first, *others), strict=False))
    return Farm(scripts, {"resume": True, **options})


async def told(one: Farm, *, stream: bool = True, **request: Any) -> list[Event]:
    async with await one.ask(asking(stream=stream, **request)) as reply:
        return [event async for batch in reply for event in batch]


def test_the_next_target_goes_on_from_the_text_already_sent() -> None:
    one = farm(begun(TextDelta("Hello, ")), Turn(text="world!"))
    events = played(told(one))
    assert text_of(events) == "Hello, world!"
    assert [type(event) for event in events].count(Start) == 1
    assert isinstance(events[-1], End)
    assert one.asked == ["a", "b"]
    assert one.open == 0


def test_it_is_told_what_was_sent_and_asked_for_the_rest() -> None:
    one = farm(begun(TextDelta("Hello, ")), Turn(text="world!"))
    played(told(one))
    first, second = (exchange.request for exchange in one.requests)
    assert second.messages[: len(first.messages)] == first.messages
    assert [(m.role, m.text) for m in second.messages[-2:]] == [
        ("assistant", "Hello, "),
        ("user", GO_ON),
    ]


def test_what_came_with_the_break_does_not_wait_for_the_next_target() -> None:
    one = farm(begun(TextDelta("Hello, ")), Turn(text="world!"))

    async def first_text() -> tuple[str, list[str]]:
        async with await one.ask(asking(stream=True)) as reply:
            return text_of(await anext(reply)), list(one.asked)

    assert played(first_text()) == ("Hello, ", ["a"])
    assert one.open == 0


def test_who_breaks_again_is_continued_again_up_to_the_number_of_tries() -> None:
    one = farm(
        begun(TextDelta("one, ")),
        begun(TextDelta("two, ")),
        begun(TextDelta("three, ")),
        Turn(text="four"),
    )
    assert text_of(played(told(one))) == "one, two, three, four"
    assert [m.text for m in one.requests[-1].request.messages[-2:]] == ["one, two, three, ", GO_ON]
    two = farm(begun(TextDelta("a")), begun(TextDelta("b")), Turn(text="c"), max_tries=2)
    events = played(told(two))
    assert (text_of(events), events[-1]) == ("ab", Failure(CUT))


def test_who_cannot_go_on_is_passed_over() -> None:
    one = farm(begun(TextDelta("Hello, ")), UpstreamUnavailable("down"), Turn(text="world!"))
    assert text_of(played(told(one))) == "Hello, world!"
    assert one.asked == ["a", "b", "c"]


def test_where_nobody_can_the_client_is_told_of_the_break() -> None:
    bad = UpstreamRefused("bad", Kind.BAD_REQUEST, 400)
    one = farm(begun(TextDelta("Hello, ")), bad)
    events = played(told(one))
    assert (text_of(events), events[-1]) == ("Hello, ", Failure(CUT))


def test_a_single_target_is_asked_itself() -> None:
    one = Farm({"a": [begun(TextDelta("Hel")), Turn(text="lo")]}, {"resume": True})
    assert text_of(played(told(one))) == "Hello"


@pytest.mark.parametrize(
    "events",
    [
        [ToolCallStart(0, "c", "f")],
        [TextDelta("a"), ToolCallStart(0, "c", "f"), ToolCallDelta(0, "{")],
        [TextDelta("a"), ToolCallStart(0, "c", "f"), ToolCallEnd(0)],
        [RefusalDelta("no")],
        [TextDelta("a"), ReasoningState(Seal("v", {}, "s"))],
        [TextDelta("a"), Opaque(None, "citations")],
        [TextDelta("a"), Finish("stop")],
        [ReasoningDelta("hm")],
        [ReasoningState(Seal("v", {}, "s", "c")), TextDelta("a")],
    ],
)
def test_what_is_more_than_text_is_not_continued(events: list[Event]) -> None:
    one = farm(begun(*events), Turn())
    assert played(told(one))[-1] == Failure(CUT)
    assert one.asked == ["a"]


def test_an_answer_in_a_given_form_is_not_continued() -> None:
    one = farm(begun(TextDelta('{"a":')), Turn())
    events = played(told(one, params={"response_format": {"type": "json_object"}}))
    assert events[-1] == Failure(CUT)


def test_a_whole_answer_is_asked_for_anew() -> None:
    one = farm(Turn(error=CUT), Turn(text="whole"))
    assert text_of(played(told(one, stream=False))) == "whole"
    assert one.requests[1].request == one.requests[0].request


def test_text_after_reasoning_is_continued_and_what_the_second_thinks_left_out() -> None:
    second = [Start("j", "n", 2), ReasoningDelta("so"), *said("world!")[1:]]
    one = farm(begun(ReasoningDelta("hm"), TextDelta("Hello, ")), Turn(events=second))
    events = played(told(one))
    assert text_of(events) == "Hello, world!"
    assert [e.text for e in events if isinstance(e, ReasoningDelta)] == ["hm"]


def test_sealed_reasoning_before_the_text_is_its_own_and_goes_nowhere() -> None:
    sealed = ReasoningState(Seal("v", {}, "s"))
    one = farm(begun(ReasoningDelta("hm"), sealed, TextDelta("Hello, ")), Turn(text="world!"))
    events = played(told(one))
    assert text_of(events) == "Hello, world!"
    assert [event for event in events if isinstance(event, ReasoningState)] == [sealed]
    parts = [part for m in one.requests[1].request.messages for part in m.parts]
    assert [part for part in parts if not isinstance(part, Text)] == []


def test_the_state_of_a_call_in_a_continuation_goes_with_the_call() -> None:
    state = ReasoningState(Seal("v", {}, "s", "c"))
    call: list[Event] = [state, ToolCallStart(0, "c", "f"), ToolCallDelta(0, "{}"), ToolCallEnd(0)]
    second = [Start("j", "n", 2), TextDelta("look."), *call, Finish("tool_calls"), End()]
    one = farm(begun(TextDelta("Let me ")), Turn(events=second))
    assert played(told(one))[-6:] == [*call, Finish("tool_calls"), End()]


def test_a_restart_that_breaks_while_it_repeats_is_forgotten() -> None:
    one = farm(begun(TextDelta("one, two, ")), begun(TextDelta("one, ")), Turn(text="three"))
    assert text_of(played(told(one))) == "one, two, three"
    assert one.requests[-1].request.messages[-2].text == "one, two, "


def test_after_nothing_but_blanks_the_question_is_asked_anew() -> None:
    """Some vendors take no turn without a word in it."""
    one = farm(begun(TextDelta("\n\n")), Turn(text="\n\nHello"))
    assert text_of(played(told(one))) == "\n\nHello"
    assert one.requests[1].request == one.requests[0].request


def test_one_of_several_answers_is_not_continued() -> None:
    one = farm(begun(TextDelta("a")), Turn())
    assert played(told(one, params={"n": 2}))[-1] == Failure(CUT)
    two = farm(begun(TextDelta("a")), Turn(text="b"))
    assert text_of(played(told(two, params={"n": 1}))) == "ab"


def test_a_continuation_may_end_in_a_tool_call() -> None:
    call: list[Event] = [ToolCallStart(0, "c", "f"), ToolCallDelta(0, "{}"), ToolCallEnd(0)]
    second = [Start("j", "n", 2), TextDelta("look."), *call, Finish("tool_calls"), End()]
    one = farm(begun(TextDelta("Let me ")), Turn(events=second))
    events = played(told(one))
    assert text_of(events) == "Let me look."
    assert events[-5:] == [*call, Finish("tool_calls"), End()]


def test_tokens_of_all_parts_are_added() -> None:
    first = begun(Usage(5, 1, cached_tokens=2), TextDelta("Hello, "))
    one = farm(first, Turn(events=[Start("j", "n", 2), TextDelta("world"), Usage(9, 2), End()]))
    events = played(told(one))
    assert [e for e in events if isinstance(e, Usage)][-1] == Usage(14, 3, cached_tokens=2)


def test_without_resume_the_client_is_told() -> None:
    one = farm(begun(TextDelta("Hello, ")), Turn(), resume=False)
    assert played(told(one))[-1] == Failure(CUT)


@pytest.mark.parametrize(
    ("sent", "text", "expected"),
    [
        ("Hel", "lo world", 0),
        ("Hel", "Hello world", 3),
        ("The quick brown fox", " jumps", 0),
        ("The quick brown fox", "The quick brown fox jumps", 19),
        ("One. The quick brown fox", "The quick brown fox jumps", 19),
        ("very very very ", "very good", 0),
        ("----------------", "--------", 0),
        ("a = b\n        ", "        c = d", 0),
        ("x", "xylophone", 0),
        ("the end of it all", "all is well", 0),
        ("", "anything", 0),
    ],
)
def test_what_repeats_the_end_is_found_and_chance_is_not(
    sent: str, text: str, expected: int
) -> None:
    assert overlap(sent, text) == expected


def fitted(sent: str, pieces: Sequence[str]) -> str:
    step = Continuation(sent, None)
    events: list[Event] = [*map(TextDelta, pieces), Finish("stop"), End()]
    return sent + text_of([event for one in events for event in step(one)])


@given(st.text(), st.integers(0, 80), st.lists(st.integers(0, 80)))
def test_a_restart_loses_and_repeats_nothing_wherever_it_broke(
    more: str, broke: int, cuts: list[int]
) -> None:
    whole = "It was a bright cold day in April, and the clocks were striking thirteen. " + more
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    pieces = [whole[a:b] for a, b in itertools.pairwise(places)]
    assert fitted(whole[: max(2, broke)], pieces) == whole


@given(st.integers(1, 70), st.lists(st.integers(0, 80)))
def test_a_true_continuation_loses_and_repeats_nothing(broke: int, cuts: list[int]) -> None:
    whole = "It was a bright cold day in April, and the clocks were striking thirteen."
    rest = whole[broke:]
    places = [0, *sorted(min(cut, len(rest)) for cut in cuts), len(rest)]
    pieces = [rest[a:b] for a, b in itertools.pairwise(places)]
    assert fitted(whole[:broke], pieces) == whole


def test_signs_of_life_pass() -> None:
    assert Continuation("a", None)(KeepAlive()) == (KeepAlive(),)
