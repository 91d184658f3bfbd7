"""What rules do to the events of an answer."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    Frame,
    KeepAlive,
    ReasoningDelta,
    TextDelta,
    ToolCallStart,
)
from llm_proxy.pipeline.reply import Step
from llm_proxy.stages.transform.rules import Replacement
from llm_proxy.stages.transform.steps import ReplaceText, ThinkTags
from tests.support.stages import text_of

STOP = Finish("stop")
TOOL = ToolCallStart(0, "c", "t")
FRAME = Frame(b"raw", 1, "f")


def through(step: Step, *events: Event) -> list[Event]:
    return [passed for event in events for passed in step(event)]


def replacing(texts: Mapping[str, str]) -> ReplaceText:
    return ReplaceText([Replacement(find=find, with_=to) for find, to in texts.items()])


def replaced(texts: Mapping[str, str], chunks: Sequence[str]) -> str:
    deltas = [TextDelta(chunk) for chunk in chunks]
    return text_of(through(replacing(texts), *deltas, STOP))


def thought(chunks: Sequence[str]) -> tuple[str, str]:
    """(text, reasoning) of an answer in these pieces."""
    events = through(ThinkTags(), *(TextDelta(chunk) for chunk in chunks), STOP)
    assert events[-1] is STOP
    reasoning = [event.text for event in events if isinstance(event, ReasoningDelta)]
    return text_of(events), "".join(reasoning)


def cut(text: str, cuts: Sequence[int]) -> list[str]:
    places = sorted({0, *(place % (len(text) + 1) for place in cuts), len(text)})
    return [text[start:end] for start, end in pairwise(places)]


CUTS = st.lists(st.integers(min_value=0, max_value=99))


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (["call ACME now"], "call us now"),
        (["call AC", "ME now"], "call us now"),
        (["A", "C", "M", "E"], "us"),
        (["ACMEACME"], "usus"),
        (["ACACME"], "ACus"),
        (["AC", "AC", "ME"], "ACus"),
        (["ACM"], "ACM"),
        (["ACM", "X"], "ACMX"),
        (["acme"], "acme"),
        (["", "ACME", ""], "us"),
        ([], ""),
    ],
)
def test_a_text_is_replaced_wherever_it_is_cut(chunks: list[str], expected: str) -> None:
    assert expected == replaced({"ACME": "us"}, chunks)


def test_what_to_find_is_no_pattern_nor_is_what_to_put() -> None:
    assert replaced({"a.c*": r"\1\g<0>"}, ["abc a.c* aaa"]) == r"abc \1\g<0> aaa"


def test_what_was_put_in_is_not_replaced_again() -> None:
    assert replaced({"a": "b", "b": "a"}, ["ab", "ba"]) == "baab"


def test_the_longest_of_several_is_found() -> None:
    assert replaced({"ab": "1", "abc": "2"}, ["abcab"]) == "21"


@pytest.mark.parametrize(
    ("texts", "chunks", "expected"),
    [
        ({"ab": "1", "abc": "2"}, ["ab", "c"], "2"),
        ({"ab": "1", "xabc": "2"}, ["xab", "c"], "2"),
        ({"ab": "1", "xabc": "2"}, ["xab", "d"], "x1d"),
    ],
)
def test_a_longer_one_that_may_be_under_way_is_waited_for(
    texts: dict[str, str], chunks: list[str], expected: str
) -> None:
    assert expected == replaced(texts, ["".join(chunks)])
    assert expected == replaced(texts, chunks)


@given(st.text("abc", min_size=1, max_size=4), st.text("abX", max_size=3), st.text("abc"), CUTS)
def test_chunk_boundaries_never_change_what_one_replacement_gives(
    find: str, to: str, text: str, cuts: list[int]
) -> None:
    assert text.replace(find, to) == replaced({find: to}, cut(text, cuts))


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=4), st.text("XY", max_size=3), min_size=2),
    st.text("abc", max_size=12),
    CUTS,
)
def test_chunk_boundaries_never_change_what_several_give(
    texts: dict[str, str], text: str, cuts: list[int]
) -> None:
    assert replaced(texts, [text]) == replaced(texts, cut(text, cuts))


@pytest.mark.parametrize(
    "event", [STOP, TOOL, End(), ReasoningDelta("r"), Failure(UpstreamBroken("x"))]
)
def test_what_was_held_back_comes_before_what_follows_it(event: Event) -> None:
    expected = [TextDelta("call "), TextDelta("AC"), event, TextDelta("ME")]
    deltas = TextDelta("call AC"), event, TextDelta("ME")
    assert expected == through(replacing({"ACME": "us"}), *deltas)


def test_a_keep_alive_passes_while_text_waits() -> None:
    events = TextDelta("AC"), KeepAlive(), TextDelta("ME"), STOP
    assert [KeepAlive(), TextDelta("us"), STOP] == through(replacing({"ACME": "us"}), *events)


def test_only_text_that_is_changed_loses_its_bytes() -> None:
    same, changed = TextDelta("hello", FRAME), TextDelta("ACME", FRAME)
    first, second = through(replacing({"ACME": "us"}), same, changed)
    assert same is first
    assert TextDelta("us", None) == second


def test_text_that_waited_takes_the_next_ones_bytes_from_it() -> None:
    events = through(replacing({"ACME": "us"}), TextDelta("A", FRAME), TextDelta("B", FRAME))
    assert [TextDelta("AB", None)] == events


def test_reasoning_is_not_searched() -> None:
    events = [ReasoningDelta("ACME"), STOP]
    assert events == through(replacing({"ACME": "us"}), *events)


@pytest.mark.parametrize(
    ("chunks", "text", "reasoning"),
    [
        (["<think>hm</think>\n\nhello"], "hello", "hm"),
        (["<th", "ink>h", "m</thi", "nk>\n", "\nhel", "lo"], "hello", "hm"),
        (["\n <think>hm</think>hello"], "hello", "hm"),
        (["hello <think>hm</think>"], "hello <think>hm</think>", ""),
        (["<think>a</think>b<think>c</think>"], "b<think>c</think>", "a"),
        (["<think></think>hello"], "hello", ""),
        (["<think>a < b </ c</think>d"], "d", "a < b </ c"),
        (["<think>never closed"], "", "never closed"),
        (["<think>never closed</thi"], "", "never closed</thi"),
        (["<thin"], "<thin", ""),
        (["<thinking>hm"], "<thinking>hm", ""),
        (["  ", "hello"], "  hello", ""),
        (["  "], "  ", ""),
        (["<think>hm</think> \n"], "", "hm"),
        ([], "", ""),
    ],
)
def test_leading_thoughts_become_reasoning(chunks: list[str], text: str, reasoning: str) -> None:
    assert (text, reasoning) == thought(chunks)


PIECES = ["<think>", "</think>", "<", "</", "<th", "</thi", "nk>", " ", "\n", "a", "b c", ">"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), CUTS)
def test_chunk_boundaries_never_change_what_is_thought(text: str, cuts: list[int]) -> None:
    begun = text.lstrip()
    expected = (text, "")
    if begun.startswith("<think>"):
        inside, _, rest = begun.removeprefix("<think>").partition("</think>")
        expected = (rest.lstrip(), inside)
    assert expected == thought(cut(text, cuts))


@pytest.mark.parametrize("event", [STOP, TOOL, Failure(UpstreamBroken("x"))])
def test_a_tag_that_never_came_whole_comes_before_what_follows_it(event: Event) -> None:
    assert [TextDelta("<thi"), event] == through(ThinkTags(), TextDelta("<thi"), event)
    expected = [ReasoningDelta("a"), ReasoningDelta("</th"), event]
    assert expected == through(ThinkTags(), TextDelta("<think>a</th"), event)


def test_a_keep_alive_passes_while_a_tag_waits() -> None:
    events = TextDelta("<thi"), KeepAlive(), TextDelta("nk>a"), STOP
    assert [KeepAlive(), ReasoningDelta("a"), STOP] == through(ThinkTags(), *events)


def test_an_answer_without_tags_keeps_its_bytes() -> None:
    events = [TextDelta("hello ", FRAME), TextDelta("<think>", FRAME), STOP]
    passed = through(ThinkTags(), *events)
    assert all(before is after for before, after in zip(events, passed, strict=True))
