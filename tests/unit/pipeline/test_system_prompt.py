"""Adding to what the model is told before the conversation."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.parts import OpaquePart, Part, Text
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.pipeline.system_prompt import with_system

USER = Message("user", (Text("hi"),))
MARKED = Text("Be kind.", cache="5m")
IMAGE = OpaquePart({"type": "image"})


def asked(*messages: Message) -> ChatRequest:
    return ChatRequest("m", messages)


@pytest.mark.parametrize("role", ["system", "developer"])
def test_it_goes_to_the_end_of_the_first_system_turn(role: Any) -> None:
    first = Message(role, (Text("Be kind."),), origin={"name": "boss"})
    second = Message(role, (Text("Really."),))
    added, *others = with_system(asked(first, second, USER), "Be brief.").messages
    assert (added.role, added.text) == (role, "Be kind.\n\nBe brief.")
    assert (added.touched, added.origin) == (True, {"name": "boss"})
    assert others == [second, USER]
    assert first.text == "Be kind."


@pytest.mark.parametrize("before", [(), (USER,)])
def test_where_there_is_no_system_turn_one_is_made(before: Sequence[Message]) -> None:
    first, *others = with_system(asked(*before), "Be brief.").messages
    assert first == Message("system", (Text("Be brief."),))
    assert others == list(before)


def test_a_system_turn_later_in_the_conversation_is_no_place_for_it() -> None:
    later = Message("system", (Text("Be kind."),))
    messages = with_system(asked(USER, later), "Be brief.").messages
    assert [message.text for message in messages] == ["Be brief.", "hi", "Be kind."]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((), [Text("Be brief.")]),
        ((Text(""),), [Text("Be brief.")]),
        ((Text("A."), Text("B.")), [Text("A."), Text("B.\n\nBe brief.")]),
        ((MARKED,), [MARKED, Text("\n\nBe brief.")]),
        ((IMAGE,), [IMAGE, Text("\n\nBe brief.")]),
    ],
)
def test_the_last_text_takes_it_up_unless_it_ends_what_is_cached(
    parts: Sequence[Part], expected: Sequence[Part]
) -> None:
    [message] = with_system(asked(Message("system", tuple(parts))), "Be brief.").messages
    assert list(message.parts) == expected


TURNS = st.lists(
    st.builds(
        Message,
        st.sampled_from(["system", "developer", "user", "assistant"]),
        st.lists(st.sampled_from([Text("a"), Text(""), MARKED, IMAGE]), max_size=3).map(tuple),
    ),
    max_size=4,
)


@given(TURNS, st.text(min_size=1))
def test_nothing_is_lost_and_nothing_else_is_changed(turns: list[Message], text: str) -> None:
    request = ChatRequest("m", turns, params={"seed": 1})
    changed = with_system(request, text)
    assert replace(changed, messages=turns) == request
    has_a_place = bool(turns) and turns[0].role in ("system", "developer")
    first, *others = changed.messages
    assert first.text.endswith(text)
    assert first.text.startswith(turns[0].text if has_a_place else text)
    assert others == (turns[1:] if has_a_place else turns)
