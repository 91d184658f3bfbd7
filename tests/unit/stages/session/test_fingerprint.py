"""How a conversation is known by its beginning."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.events import Event, TextDelta, ToolCallStart
from llm_proxy.pipeline.parts import (
    Document,
    Image,
    Media,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import Message, Role
from llm_proxy.pipeline.told import Told
from llm_proxy.stages.session.fingerprint import Beginning, beginning_of, with_answer
from tests.support.sessions import turns


def begun(*messages: Message, caller: str = "a") -> Beginning:
    return beginning_of(messages, caller)


def says(role: Role, *parts: Part | str) -> Message:
    return Message(role, tuple(Text(p) if isinstance(p, str) else p for p in parts))


HELLO = says("user", "hello")


def test_the_first_turn_has_a_start_and_no_answer() -> None:
    assert begun(HELLO).answered is None
    assert begun(HELLO).start == begun(HELLO, says("assistant", "hi")).start


def test_both_stay_while_the_history_grows() -> None:
    growing = turns("system: brief", "hello", "hi", "how are you?", "well", "good")
    assert len({begun(*growing[:n]) for n in (3, 4, 5, 6)}) == 1


def test_what_stands_before_the_first_answer_is_the_start() -> None:
    context = says("user", "the folder is /x")
    assert begun(context, HELLO).start != begun(context, says("user", "bye")).start


def test_a_greeting_is_no_answer() -> None:
    greeting = says("assistant", "Welcome!")
    assert begun(greeting, HELLO).answered is None
    assert begun(greeting, HELLO).start != begun(HELLO).start


def test_another_answer_is_another_conversation() -> None:
    one, other = begun(HELLO, says("assistant", "hi")), begun(HELLO, says("assistant", "ho"))
    assert one.start == other.start
    assert one.answered != other.answered


def test_callers_have_nothing_in_common() -> None:
    one, other = begun(*turns("a", "b")), begun(*turns("a", "b"), caller="b")
    assert one.start != other.start
    assert one.answered != other.answered


def test_pieces_cannot_be_shifted_into_one_another() -> None:
    assert begun(says("user", "ab", "c")).start != begun(says("user", "a", "bc")).start
    assert beginning_of([HELLO], "a1").start != beginning_of([says("user", "1hello")], "a").start


def test_what_is_no_unicode_has_a_fingerprint_too() -> None:
    assert begun(says("user", "a \ud800 b")) == begun(says("user", "a ? b"))


@pytest.mark.parametrize(
    "media",
    [
        Media(data="eHg="),
        Media(url="http://x/a.png"),
        Media(file_id="f-1"),
        Media(data="eHg=" * 9999),
    ],
)
def test_pictures_tell_conversations_apart(media: Media) -> None:
    with_it = begun(says("user", "what is this?", Image(media)))
    other = begun(says("user", "what is this?", Image(Media(data="b3RoZXI="))))
    assert with_it.start != other.start
    assert begun(says("user", Document(media))) == begun(says("user", Document(media)))


def test_thoughts_and_results_are_no_part_of_an_answer() -> None:
    call = ToolCall("c1", "f", "{}")
    bare = begun(HELLO, says("assistant", call), says("tool", ToolResult("c1")))
    thought = begun(HELLO, says("assistant", Reasoning("hm"), call), says("user", "on"))
    assert bare.answered == thought.answered


def test_an_answer_may_come_back_in_several_messages() -> None:
    whole = begun(HELLO, says("assistant", "I look", ToolCall("c1", "f", "{}")))
    cut = begun(HELLO, says("assistant", "I look"), says("assistant", ToolCall("c1", "f", "{}")))
    assert whole.answered == cut.answered


def seen(events: Sequence[Event], start: str) -> str:
    """The fingerprint with an answer, of what it has told of itself when it is over."""
    told = Told()
    told.learned(events)
    return with_answer(start, "".join(told.opening), told.calls)


def test_the_answer_is_known_when_it_comes_back() -> None:
    events = [TextDelta("  I "), TextDelta("look\n"), ToolCallStart(0, "c1", "f")]
    back = begun(HELLO, says("assistant", "  I look\n", ToolCall("c1", "f", "{}")))
    assert seen(events, begun(HELLO).start) == back.answered


@given(st.lists(st.text(alphabet=" \nab", max_size=900), max_size=12))
def test_however_it_is_cut_and_trimmed(pieces: list[str]) -> None:
    text = "".join(pieces)
    if not text.strip():
        return
    start = begun(HELLO).start
    expected = begun(HELLO, says("assistant", text)).answered
    assert seen([TextDelta(piece) for piece in pieces], start) == expected
    assert begun(HELLO, says("assistant", text.strip())).answered == expected


def test_of_a_long_answer_the_beginning_is_enough() -> None:
    text = "word " * 5000
    start = begun(HELLO).start
    assert seen([TextDelta(text)], start) == seen([TextDelta(text[:15_000])], start)
