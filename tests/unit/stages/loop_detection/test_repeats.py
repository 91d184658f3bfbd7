"""Finding out when a text goes round in circles."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llm_proxy.stages.loop_detection.repeats import Loop, Repeats
from llm_proxy.stages.loop_detection.thresholds import Thresholds
from tests.loops.sources import words_apart

PROSE = words_apart(9000).decode()
SENTENCE = "the answer is what it was before, and so it goes on like this. "


def found(*chunks: str, careful: bool = False) -> Loop | None:
    repeats = Repeats(Thresholds(), careful=careful)
    return next(filter(None, map(repeats.feed, chunks)), None)


def chunked(text: str, cuts: Sequence[int]) -> list[str]:
    places = sorted({0, *(place % (len(text) + 1) for place in cuts), len(text)})
    return [text[start:end] for start, end in pairwise(places)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("again and " * 100, Loop(0, 10, 320)),
        (PROSE[:100] + "again and " * 100, Loop(100, 10, 420)),
        (PROSE[:200] * 9, Loop(0, 200, 702)),
        (PROSE[:4000] * 5, Loop(0, 4000, 14015)),
        ("step 1. " + SENTENCE * 20, Loop(6, 63, 327)),
        ("a" * 9000, Loop(0, 1, 3840)),
        ("-" * 9000, Loop(0, 1, 3200)),
        ("\n" * 9000, Loop(0, 1, 1600)),
        ("1" * 9000, Loop(0, 1, 3840)),
        ("0, " * 3000, Loop(0, 3, 3839)),
        ("again and " * 31, None),
        (PROSE[:100] * 3, None),
        (PROSE, None),
        ("-" * 3000, None),
        ("\n" * 1500, None),
        ("", None),
    ],
)
def test_where_a_loop_is_recognised(text: str, expected: Loop | None) -> None:
    assert expected == found(text)


def test_a_counter_does_not_hide_a_loop() -> None:
    rounds = [f"Attempt {n}. {PROSE[:150]} " for n in range(8, 20)]
    loop = found("".join(rounds))
    assert loop is not None
    assert (loop.begins, loop.period) == (0, len(rounds[-1]))
    assert loop.found <= 5 * len(rounds[-1])


def test_white_space_does_not_hide_a_loop() -> None:
    words = PROSE[:200].split()
    rounds = [" ".join(words) if n % 2 else "\n".join(words) for n in range(12)]
    assert found(" ".join(rounds)) is not None


@pytest.mark.parametrize(
    "line",
    [
        "| item {n} | open | nobody |\n",
        '{{"id": {n}, "value": null}},\n',
        "user{n}@example.org\n",
        "2024-05-01 12:{n:02}:00 INFO heartbeat ok\n",
        "    case {n}: return {n};\n",
        "{n} ",
    ],
)
def test_rows_that_only_count_are_no_loop(line: str) -> None:
    assert found("".join(line.format(n=n) for n in range(60))) is None


def test_numbers_that_vary_are_data() -> None:
    line = "The temperature of the day was {} degrees, and it did not rain at all in the city. "
    assert found("".join(line.format(n * n % 31) for n in range(200))) is None


def test_more_is_needed_in_a_code_fence_and_no_more_behind_it() -> None:
    code = "value = items[index].name or default(key)\n"
    outside, inside = found(code * 300), found("```python\n" + code * 300)
    assert outside is not None
    assert inside is not None
    assert inside.found > 1.8 * outside.found
    behind = found("```python\nx = 1\n```\n" + code * 300)
    assert behind is not None
    assert behind.found < outside.found + 200


def test_a_round_with_a_fence_in_it_is_not_code() -> None:
    piece = "Now I do this once more:\n\n```python\nrun()\n```\n\nAnd that was it, I think. "
    loop = found(piece * 40)
    assert loop is not None
    assert loop.found < 1500


def test_more_is_needed_in_arguments() -> None:
    loop, careful = found(SENTENCE * 30), found(SENTENCE * 30, careful=True)
    assert loop is not None
    assert careful is not None
    assert careful.found > loop.found


def test_what_may_repeat_is_looked_at_again_much_later() -> None:
    asked: list[str] = []

    def may_repeat(rounds: str) -> bool:
        asked.append(rounds)
        return len(asked) < 2

    repeats = Repeats(Thresholds(), may_repeat=may_repeat)
    loop = repeats.feed(SENTENCE * 100)
    assert loop is not None
    assert loop.found > 8 * 320
    assert len(asked) == 2
    assert asked[0] in SENTENCE * 4
    assert len(asked[0]) == 2 * len(SENTENCE)


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=300),
    st.text(min_size=1, max_size=60),
    st.lists(st.integers(min_value=0, max_value=3000), max_size=40),
)
@example("", "a", [1, 447, 448, 449])
@example("", "again and ", list(range(3000)))
@example("12 34 ", "56\n78 ", list(range(0, 3000, 7)))
@example("", "Step 7: ```x``` \ud800", list(range(0, 3000, 11)))
def test_chunk_boundaries_never_change_a_verdict(before: str, piece: str, cuts: list[int]) -> None:
    text = before + piece * (4500 // len(piece))
    assert found(text) == found(*chunked(text, cuts))


@settings(max_examples=60, deadline=None)
@given(
    st.sets(
        st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=20),
        min_size=30,
    )
)
def test_a_text_of_distinct_words_is_no_loop(words: set[str]) -> None:
    assert found(" ".join(f"{word}-{n}" for n in range(20) for word in sorted(words))) is None


def test_it_keeps_no_more_than_its_windows() -> None:
    repeats = Repeats(Thresholds())
    repeats.feed(PROSE * 20)
    assert len(repeats._raw) + len(repeats._tail.text) < 20_000
    assert repeats.fed == 180_000
