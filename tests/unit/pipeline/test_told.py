"""What an answer has told of itself."""

from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Failure,
    Finish,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.told import Told

HELLO = [TextDelta("hello"), Finish("stop"), Usage(1, 2), End()]


def test_at_first_nothing_is_known() -> None:
    told = Told()
    assert ("open", None, None, None) == (told.outcome, told.error, told.usage, told.finish)
    assert ([], []) == (told.opening, told.calls)


def test_the_last_that_is_told_counts() -> None:
    told = Told()
    told.learned([Usage(1, 1), Finish("length"), Usage(2, 2), Finish("stop")])
    assert ("open", Usage(2, 2), "stop") == (told.outcome, told.usage, told.finish)


def test_the_end_is_the_end() -> None:
    told = Told()
    assert HELLO == told.learned([*HELLO, TextDelta("more"), Usage(9, 9)])
    assert ("complete", Usage(1, 2), ["hello"]) == (told.outcome, told.usage, told.opening)


def test_a_failure_is_the_end() -> None:
    told, failure = Told(), Failure(UpstreamBroken("cut"))
    assert [failure] == told.learned([failure, End()])
    assert ("failed", failure.error) == (told.outcome, told.error)


def test_ids_of_calls_are_kept_and_other_texts_are_not() -> None:
    told = Told()
    told.learned([ReasoningDelta("hm"), ToolCallStart(0, "c1", "f"), ToolCallDelta(0, "{}")])
    told.learned([ToolCallStart(1, "c2", "g")])
    assert (["c1", "c2"], []) == (told.calls, told.opening)


@given(st.lists(st.text(alphabet=" \nab", max_size=900), max_size=12))
def test_the_opening_is_the_beginning_of_the_text(pieces: list[str]) -> None:
    told = Told()
    for piece in pieces:
        told.learned([TextDelta(piece)])
    opening, text = "".join(told.opening), "".join(pieces).lstrip()
    assert text.startswith(opening)
    assert len(opening) >= min(len(text), 4096)
    assert len(opening) < 4096 + 900


def test_given_again_it_is_heard_again() -> None:
    told = Told()
    told.learned(HELLO)
    told.open_again()
    assert "open" == told.outcome
    told.learned(HELLO)
    assert ("complete", ["hello"]) == (told.outcome, told.opening)
