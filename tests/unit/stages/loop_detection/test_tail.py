"""The period that the end of a text keeps to."""

from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.stages.loop_detection.tail import WINDOW, Tail
from tests.loops.sources import words_apart

PIECE = 128


def tail_of(text: bytes) -> Tail:
    tail = Tail()
    for start in range(0, len(text), PIECE):
        tail.grow(text[start : start + PIECE])
    return tail


@given(st.integers(1, 1000), st.integers(0, 500))
def test_the_period_of_a_repetition_is_found(period: int, before: int) -> None:
    piece = words_apart(period)
    size = before + 4 * period + 400
    tail = tail_of((words_apart(before) + piece * (size // period + 1))[:size])
    assert tail.period == period
    assert size - before <= tail.lasted <= size - before + period


@given(st.integers(64, WINDOW // 2 - PIECE), st.integers(0, 3000))
def test_it_is_found_when_it_comes_for_the_third_time(period: int, before: int) -> None:
    text = b"x" * (before % PIECE) + words_apart(before) + b"-" + words_apart(period) * 4
    assert tail_of(text[: len(text) - period + PIECE]).period == period


def test_a_shorter_repetition_where_each_round_ends_does_not_hide_it() -> None:
    piece = words_apart(PIECE - 63) + b"the same words here, " * 3
    assert tail_of(piece * 6).period == PIECE


def test_no_period_in_a_text_of_distinct_words() -> None:
    tail = tail_of(words_apart(30_000))
    assert (tail.period, tail.lasted) == (0, 0)


def test_the_longest_period_is_half_the_window() -> None:
    piece = words_apart(WINDOW // 2)
    assert tail_of(piece * 3).period == WINDOW // 2
    assert tail_of(words_apart(WINDOW // 2 + 600) * 3).period == 0


def test_a_repetition_is_followed_beyond_the_window() -> None:
    tail = tail_of(b"again and " * 9600)
    assert 95_000 <= tail.lasted <= 96_000
    assert len(tail.text) <= WINDOW + 256


def test_a_repetition_ends() -> None:
    tail = tail_of(b"again and " * 96 + words_apart(PIECE))
    assert tail.period == 0


def test_a_shorter_repetition_inside_a_round_does_not_hide_it() -> None:
    piece = words_apart(300) + b"the same words here, " * 4
    tail = tail_of(piece * 6)
    assert tail.period == len(piece)


def test_the_round_is_the_last_of_the_text() -> None:
    tail = tail_of(b"again and " * 128)
    assert tail.round == b"again and "


def test_what_is_new() -> None:
    tail = tail_of(b"again and " * 12)
    assert tail.is_new
    tail.grow(b"again and ")
    assert not tail.is_new
