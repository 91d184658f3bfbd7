from typing import Any

import pytest

from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.parts import (
    Audio,
    Image,
    Media,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import ChatRequest, Message, Role
from tests.unit.pipeline.dialects.anthropic_messages.bodies import official, to, written

SEAL = Seal("anthropic_messages", {"type": "thinking", "thinking": "p", "signature": "E"}, "us")


def said(role: Role, *parts: Part | str) -> Message:
    return Message(role, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def messages(*turns: Message, **traits: Any) -> list[tuple[str, list[Any]]]:
    """Role and content of what is sent, texts as they are."""
    body = official(ChatRequest("m", turns), **traits)
    return [
        (m["role"], [b["text"] if b["type"] == "text" else b for b in m["content"]])
        for m in body["messages"]
    ]


def call(id_: str) -> ToolCall:
    return ToolCall(id_, "f", "{}")


def result(id_: str, *parts: Any, is_error: bool = False) -> ToolResult:
    return ToolResult(id_, tuple(parts) or (Text("R"),), is_error)


def use(id_: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": id_, "name": "f", "input": {}}


def given(id_: str, content: Any = "R") -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id_, "content": content}


def test_results_are_in_one_turn_before_any_text() -> None:
    turns = [
        said("user", "q"),
        said("assistant", "t", call("a"), call("b")),
        said("user", "meanwhile"),
        said("tool", result("b")),
        said("tool", result("a")),
        said("user", "more"),
    ]
    assert [
        ("user", ["q"]),
        ("assistant", ["t", use("a"), use("b")]),
        ("user", [given("a"), given("b"), "meanwhile", "more"]),
    ] == messages(*turns)


def test_a_call_without_a_result_gets_one() -> None:
    turns = [said("user", "q"), said("assistant", call("a")), said("user", "next")]
    *_, (_, (first, text)) = messages(*turns)
    assert (True, "a", "next") == (first["is_error"], first["tool_use_id"], text)


def test_empty_texts_and_turns_go() -> None:
    turns = [said("user", "", "q"), said("assistant", " \n"), said("user", "r", "")]
    assert [("user", ["q", "r"])] == messages(*turns)


@pytest.mark.parametrize("first", ["assistant", None])
def test_the_user_speaks_first(first: Role | None) -> None:
    turns = [said(first, "a")] if first else [said("system", "S")]
    assert ("user", ["."]) == messages(*turns)[0]


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (["user", "system"], ["user", "system"]),
        (["user", "system", "assistant"], ["user", "system", "assistant"]),
        (["user", "developer", "assistant"], ["user", "system", "assistant"]),
        (["user", "system", "user"], ["user"]),
        (["user", "assistant", "system"], ["user", "assistant", "user"]),
        (["user", "assistant", "system", "user"], ["user", "assistant", "user"]),
        (["user", "assistant", "system", "assistant"], ["user", "assistant", "user", "assistant"]),
    ],
)
def test_system_turns_stand_where_they_are_legal(turns: list[Any], expected: list[str]) -> None:
    sent = messages(*(said(role, f"{n}") for n, role in enumerate(turns)))
    assert expected == [role for role, _ in sent]
    assert [f"{n}" for n in range(len(turns))] == [text for _, texts in sent for text in texts]


def test_system_turns_are_the_users_text_where_they_are_not_taken() -> None:
    turns = [said("user", "q"), said("assistant", call("a")), said("tool", result("a"))]
    sent = messages(*turns, said("system", "S"), system_turns=False)
    assert ("user", [given("a"), "S"]) == sent[-1]


def test_a_result_of_anything() -> None:
    parts = (
        Image(Media("image/png", data="iVBORw0KGgo=")),
        OpaquePart({"type": "tool_reference"}, "tool_reference"),
        Text(""),
    )
    turns = [said("user", "q"), said("assistant", call("a")), said("tool", result("a", *parts))]
    ((block,),) = (content for role, content in messages(*turns)[2:])
    image, text = block["content"]
    assert ("image", '{"type":"tool_reference"}') == (image["type"], text["text"])


def test_a_result_of_nothing() -> None:
    turns = [said("user", "q"), said("assistant", call("a"))]
    *_, (_, (block,)) = messages(*turns, said("tool", ToolResult("a", is_error=True)))
    assert {"type": "tool_result", "tool_use_id": "a", "is_error": True} == block


def test_ids_are_made_to_fit_and_still_meet() -> None:
    turns = [said("user", "q"), said("assistant", call("a|b")), said("tool", result("a|b"))]
    _, (_, (asked,)), (_, (answered,)) = messages(*turns)
    assert asked["id"] == answered["tool_use_id"] != "a|b"


def test_what_the_assistant_would_not_say_is_text() -> None:
    turns = [said("user", "q"), said("assistant", Refusal("no")), said("user", "r")]
    assert ("assistant", ["no"]) == messages(*turns)[1]


def test_what_has_no_place_is_told() -> None:
    picture = Image(Media("image/png", data="iVBORw0KGgo="))
    other = OpaquePart({}, "web_search_call")
    request = ChatRequest("m", [said("user", "q", other), said("assistant", "a", picture)])
    told = written(request).losses
    assert {"dropped web_search_call", "dropped image"} == {*told}


def test_recordings_are_refused() -> None:
    recording = Audio(Media("audio/wav", data="AA=="))
    with pytest.raises(Untranslatable) as raised:
        messages(said("user", recording))
    assert "input_audio" == raised.value.param


def test_a_turn_begins_with_its_thoughts() -> None:
    turns = [
        said("user", "q"),
        said("assistant", "t", Reasoning("", SEAL), call("a")),
        said("tool", result("a")),
    ]
    thought = SEAL.block
    assert ("assistant", [thought, "t", use("a")]) == messages(*turns, thinking="budget")[1]
    assert ("assistant", ["t", thought, use("a")]) == messages(*turns)[1]


def test_arguments_are_an_object() -> None:
    odd = ToolCall("a", "f", "not json")
    free = ToolCall("b", "g", "text", custom=True)
    (_, content) = messages(said("user", "q"), said("assistant", odd, free))[1]
    assert [{"_raw": "not json"}, {"input": "text"}] == [block["input"] for block in content]


def test_marks_for_the_cache_are_at_most_four() -> None:
    texts = [Text(f"{n}", cache="short") for n in range(6)]
    body = official(ChatRequest("m", [Message("user", tuple(texts))]))
    blocks = body["messages"][0]["content"]
    assert [False, False, True, True, True, True] == ["cache_control" in block for block in blocks]


def test_texts_of_the_system_are_blocks_of_their_own() -> None:
    turns = [
        Message("system", (Text("a", cache="long"),)),
        said("developer", "b"),
        said("user", "q"),
    ]
    body = official(ChatRequest("m", turns))
    mark = {"type": "ephemeral", "ttl": "1h"}
    assert [
        {"type": "text", "text": "a", "cache_control": mark},
        {"type": "text", "text": "b"},
    ] == body["system"]
    assert to().maker == "us"
