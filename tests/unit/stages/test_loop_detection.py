"""Stopping an answer that repeats itself without end."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    Frame,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
)
from llm_proxy.pipeline.reply import Reply
from llm_proxy.stages.loop_detection import (
    NOTICE,
    LoopDetection,
    LoopDetectionOptions,
    RepeatedTail,
)
from tests.support.stages import Run, asking, said, text_of

PROSE = " ".join(f"word{n}" for n in range(2000))
LOOP = "again and " * 400


def cut(chunks: Sequence[str], **options: Any) -> int | None:
    """How many characters of the chunks came before the loop was recognised."""
    tail = RepeatedTail(LoopDetectionOptions(**options))
    before = 0
    for chunk in chunks:
        end = tail.feed(chunk)
        if end is not None:
            return before + end
        before += len(chunk)
    return None


def chunked(text: str, cuts: Sequence[int]) -> list[str]:
    places = sorted({0, *(place % (len(text) + 1) for place in cuts), len(text)})
    return [text[start:end] for start, end in pairwise(places)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("again and " * 100, 448),  # 400 characters, looked at every 64
        (PROSE[:100] + "again and " * 100, 512),
        (PROSE[:100] * 9, 512),  # five rounds of 100
        (PROSE[:1000] * 9, 5056),
        (PROSE[:1638] * 9, 8192),  # the longest that the window holds five rounds of
        (PROSE[:1700] * 9, None),
        ("a" * 5000, 448),
        ("again and " * 40, None),  # 400 characters, not looked at yet
        ("again and " * 45, 448),
        (PROSE[:100] * 4, None),
        (PROSE, None),
        ("-" * 3000, None),  # a rule
        ("-" * 4000, 3200),
        ("| " * 4000, 3200),
        ("\n" * 3100, None),
        ("", None),
    ],
)
def test_where_an_answer_is_cut(text: str, expected: int | None) -> None:
    assert expected == cut([text])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"min_repeats": 3}, 448),
        ({"min_repeats": 100}, 1024),
        ({"min_length": 100}, 128),
        ({"min_length": 1000}, 1024),
    ],
)
def test_the_options_say_what_a_loop_is(options: dict[str, int], expected: int) -> None:
    assert expected == cut(["again and " * 400], **options)


@given(
    st.text(max_size=300),
    st.text(min_size=1, max_size=60),
    st.lists(st.integers(min_value=0, max_value=3000)),
)
@example("", "a", [1, 447, 448, 449])
@example("", "again and ", list(range(3000)))
def test_chunk_boundaries_never_change_where_it_is_cut(
    before: str, piece: str, cuts: list[int]
) -> None:
    text = before + piece * (1500 // len(piece))
    assert cut([text]) == cut(chunked(text, cuts))


@given(
    st.sets(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=20)),
    st.integers(min_value=0, max_value=9),
)
def test_a_text_of_distinct_words_is_never_cut(words: set[str], copies: int) -> None:
    text = " ".join([f"{word}-{n}" for n in range(copies * 20) for word in sorted(words)])
    assert cut([text], min_length=100, min_repeats=3) is None


@given(st.integers(min_value=0, max_value=10**9), st.sampled_from(["", "0", "000", "x"]))
def test_a_count_is_never_cut(start: int, pad: str) -> None:
    assert cut([" ".join(f"{pad}{n}" for n in range(start, start + 800))]) is None


async def test_the_answer_ends_with_a_notice() -> None:
    run = Run(LoopDetection, answers=[said(LOOP[:300], LOOP[300:600], "never sent")])
    exchange = asking()
    reply = await run(exchange)
    assert [
        Start("id", "m", 1),
        TextDelta(LOOP[:300]),
        TextDelta(LOOP[300:448]),
        TextDelta(NOTICE),
        Finish("stop"),
        End(),
    ] == await reply.collect()
    assert reply.outcome == "complete"
    assert exchange.trace.warnings == ["loop_detection: answer stopped"]
    assert exchange.trace.cut_short


async def test_reasoning_is_watched_and_the_notice_is_text() -> None:
    run = Run(LoopDetection, answers=[[Start("id", "m", 1), ReasoningDelta(LOOP)]])
    events = await (await run(asking())).collect()
    expected = [ReasoningDelta(LOOP[:448]), TextDelta(NOTICE), Finish("stop"), End()]
    assert expected == events[1:]


async def test_text_and_reasoning_are_watched_each_for_itself() -> None:
    pieces: list[Event] = []
    for start in range(0, 440, 10):
        pieces += [TextDelta(LOOP[start : start + 10]), ReasoningDelta(LOOP[start : start + 10])]
    events = [*pieces, Finish("stop"), End()]
    run = Run(LoopDetection, answers=[events])
    assert events == await (await run(asking())).collect()


async def test_arguments_of_tools_are_not_watched() -> None:
    events: list[Event] = [ToolCallDelta(0, LOOP), Finish("tool_calls"), End()]
    assert events == await (await Run(LoopDetection, answers=[events])(asking())).collect()


async def test_what_is_not_cut_passes_untouched() -> None:
    frame = Frame(b"raw", 1, "f")
    events: list[Event] = [TextDelta(PROSE[:700], frame), Finish("stop"), End()]
    passed = await (await Run(LoopDetection, answers=[events])(asking())).collect()
    assert all(before is after for before, after in zip(events, passed, strict=True))


async def test_what_is_cut_is_no_longer_relayed_as_it_came() -> None:
    run = Run(LoopDetection, answers=[[TextDelta(LOOP, Frame(b"raw", 1, "f"))]])
    first, *_ = await (await run(asking())).collect()
    assert TextDelta(LOOP[:448], None) == first


async def test_each_answer_is_watched_for_itself() -> None:
    run = Run(LoopDetection, answers=[said(LOOP[:300])])
    for _ in range(3):
        assert LOOP[:300] == text_of(await (await run(asking())).collect())


async def test_one_loop_is_told_once_though_its_chunks_arrived_together() -> None:
    run = Run(LoopDetection, answers=[said(*[LOOP[:100]] * 40)])
    exchange = asking()
    await (await run(exchange)).collect()
    assert exchange.trace.warnings == ["loop_detection: answer stopped"]


async def test_it_can_be_off() -> None:
    run = Run(LoopDetection, {"enabled": False}, [said(LOOP)])
    reply: Reply = await run(asking())
    assert text_of(await reply.collect()) == LOOP


@pytest.mark.parametrize("options", [{"min_repeats": 2}, {"min_length": 99}, {"window": 1023}])
def test_options_that_would_cut_honest_text_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        LoopDetectionOptions.model_validate(options)
