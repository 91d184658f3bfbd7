"""Calls come out one after the other, however they came in."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.contiguous import Contiguous
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    KeepAlive,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)

DONE: list[Event] = [Finish("tool_calls"), Usage(1, 2), End()]


def start(index: int) -> ToolCallStart:
    return ToolCallStart(index, f"call_{index}", "f")


def ordered(events: Sequence[Event], *more: Sequence[Event]) -> list[Event]:
    contiguous = Contiguous()
    return [event for batch in (events, *more) for event in contiguous(batch)]


@st.composite
def answers(draw: st.DrawFn) -> list[Event]:
    """Some calls, mixed with each other and with what is said; the ends of some are left to the
    finish."""
    mixed: list[Event] = []
    calls = draw(st.integers(0, 4))
    pieces: list[list[Event]] = [
        [
            start(index),
            *(ToolCallDelta(index, f"{index}.{n}") for n in range(draw(st.integers(0, 3)))),
            *([ToolCallEnd(index)] if draw(st.booleans()) else []),
        ]
        for index in range(calls)
    ]
    pieces += [
        [TextDelta(f"t{n}"), ReasoningDelta(f"r{n}")] for n in range(draw(st.integers(0, 2)))
    ]
    pieces.append([KeepAlive(), KeepAlive()])
    opened = 0
    while any(pieces):
        able = [
            piece
            for piece in pieces
            if piece and not (isinstance(piece[0], ToolCallStart) and piece[0].index != opened)
        ]
        piece = draw(st.sampled_from(able))
        opened += isinstance(piece[0], ToolCallStart)
        mixed.append(piece.pop(0))
    return mixed


Calls = ToolCallStart | ToolCallDelta | ToolCallEnd


@given(answers(), st.lists(st.integers(0, 30), max_size=3))
def test_each_call_is_in_one_piece_with_nothing_said_in_between(
    events: list[Event], at: list[int]
) -> None:
    bounds = [0, *sorted(at), len(events)]
    batches = [events[a:b] for a, b in pairwise(bounds)]
    open_: int | None = None
    for event in ordered([], *batches, DONE):
        match event:
            case ToolCallStart(index):
                assert open_ is None
                open_ = index
            case ToolCallDelta(index):
                assert index == open_
            case ToolCallEnd(index):
                assert index == open_
                open_ = None
            case KeepAlive():
                pass
            case _:
                assert open_ is None


@given(answers())
def test_nothing_is_lost_and_nothing_comes_twice(events: list[Event]) -> None:
    ends = {event.index for event in events if isinstance(event, ToolCallEnd)}
    starts = [event.index for event in events if isinstance(event, ToolCallStart)]
    added = [ToolCallEnd(index) for index in starts if index not in ends]
    expected = [*events, *added, *DONE]
    sent = ordered(events, DONE)
    assert len(expected) == len(sent)
    assert all(event in sent for event in expected)


@given(answers())
def test_calls_open_in_the_order_they_came(events: list[Event]) -> None:
    def opened(seen: Sequence[Event]) -> list[Event]:
        return [event for event in seen if isinstance(event, ToolCallStart)]

    assert opened(events) == opened(ordered(events, DONE))


@given(answers())
def test_each_calls_pieces_and_the_words_keep_their_order(events: list[Event]) -> None:
    sent = ordered(events, DONE)
    for index in range(4):
        own = [e for e in events if isinstance(e, Calls) and e.index == index]
        assert own == [e for e in sent if isinstance(e, Calls) and e.index == index][: len(own)]
    words = [e for e in events if isinstance(e, TextDelta | ReasoningDelta)]
    assert words == [e for e in sent if isinstance(e, TextDelta | ReasoningDelta)]


def test_the_first_call_is_let_through_as_it_comes() -> None:
    contiguous = Contiguous()
    assert [start(0)] == list(contiguous([start(0)]))
    assert [ToolCallDelta(0, "a")] == list(contiguous([ToolCallDelta(0, "a")]))
    assert [] == list(contiguous([start(1), ToolCallDelta(1, "b")]))
    assert [KeepAlive()] == list(contiguous([KeepAlive()]))
    ended = [ToolCallEnd(0), start(1), ToolCallDelta(1, "b")]
    assert ended == list(contiguous([ToolCallEnd(0)]))
    assert [ToolCallDelta(1, "c")] == list(contiguous([ToolCallDelta(1, "c")]))


def test_text_behind_an_open_call_waits_for_its_end() -> None:
    contiguous = Contiguous()
    text = TextDelta("a")
    assert [start(0)] == list(contiguous([start(0), text]))
    assert [ToolCallEnd(0), text] == list(contiguous([ToolCallEnd(0)]))
    assert [text] == list(contiguous([text]))


def test_a_failure_lets_out_what_there_is() -> None:
    failure = Failure(UpstreamBroken("cut"))
    sent = ordered([start(0), start(1), ToolCallDelta(1, "b"), failure])
    assert [
        start(0),
        ToolCallEnd(0),
        start(1),
        ToolCallDelta(1, "b"),
        ToolCallEnd(1),
        failure,
    ] == sent


def test_pieces_of_a_call_that_never_began_are_nothing() -> None:
    assert DONE == ordered([ToolCallDelta(7, "a"), ToolCallEnd(7), *DONE])


def test_what_comes_behind_the_end_of_a_call_is_nothing() -> None:
    early: list[Event] = [start(0), start(1), ToolCallEnd(1)]
    late: list[Event] = [ToolCallDelta(1, "late"), ToolCallEnd(1)]
    sent = ordered(early, late, [ToolCallEnd(0), *late, ToolCallDelta(0, "late")], DONE)
    assert [start(0), ToolCallEnd(0), start(1), ToolCallEnd(1), *DONE] == sent


def test_without_calls_all_is_as_it_was() -> None:
    events: list[Event] = [TextDelta("a"), ReasoningDelta("b"), *DONE]
    assert [replace(event) for event in events] == ordered(events)
