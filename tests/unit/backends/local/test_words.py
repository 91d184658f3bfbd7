"""Texts as words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.backends.local.words import count, input_tokens, last_said, words_of
from llm_proxy.pipeline.parts import OpaquePart, Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import Message
from tests.support.stages import asking


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("one", ["one"]),
        ("one two", ["one", " two"]),
        (" one\n\ntwo\t ", [" one", "\n\ntwo", "\t "]),
        ("   ", ["   "]),
    ],
)
def test_each_word_has_the_space_before_it(text: str, expected: list[str]) -> None:
    assert expected == list(words_of(text))


@given(st.text() | st.text(" \n\ta\u00a0\x1c"))
def test_together_they_are_the_text(text: str) -> None:
    assert text == "".join(words_of(text))


@given(st.text())
def test_there_are_as_many_as_are_counted(text: str) -> None:
    assert count(text) == len([word for word in words_of(text) if word.strip()])


def test_blank_text_has_no_words() -> None:
    assert count(" \n ") == 0


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((Text("a"), Text("b")), "ab"),
        ((ToolResult("1", (Text("gave back"),)), Text("!")), "gave back!"),
        ((OpaquePart({}), Text("a")), "a"),
        ((ToolCall("1", "t", "{}"),), "(nothing was said)"),
        ((Text(""),), "(nothing was said)"),
        ((), "(nothing was said)"),
    ],
)
def test_what_was_said_last(parts: tuple[Text, ...], expected: str) -> None:
    messages = (Message("user", (Text("before"),)), Message("user", parts))
    assert expected == last_said(asking(messages=messages).request)


def test_the_words_of_the_whole_conversation_are_its_tokens() -> None:
    messages = (
        Message("system", (Text("be brief"),)),
        Message("assistant", (Text("a b c"), ToolCall("1", "t", "not counted"))),
        Message("tool", (ToolResult("1", (Text("d"),)), OpaquePart({"text": "not counted"}))),
    )
    assert input_tokens(asking(messages=messages).request) == 6
