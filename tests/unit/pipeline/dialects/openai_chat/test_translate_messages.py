"""Conversations of other dialects' clients, as this dialect's vendors take them."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given

from llm_proxy.pipeline.dialects.seals import FOREIGN
from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.parts import (
    Audio,
    Document,
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
from llm_proxy.pipeline.request import ChatRequest, Message
from tests.unit.pipeline.dialects.openai_chat.oracle import known_to_the_sdk
from tests.unit.pipeline.dialects.openai_chat.translated import (
    HI,
    OPENAI,
    asked,
    messages_of,
    said,
    write,
)
from tests.unit.pipeline.dialects.talk import requests

IMAGE = Image(Media("image/png", data="AAAA"))
PDF = Document(Media("application/pdf", data="JVBERi0="), "a.pdf")
WIRE_IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
WIRE_PDF = {
    "type": "file",
    "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"},
}
CALL = ToolCall("1", "f", '{"x":1}')
WIRE_CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
DETAILS = [{"type": "reasoning.text", "text": "hm", "signature": "s"}]
OWN = Seal("openai_chat", {"reasoning_details": DETAILS}, "vendor")


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def user(*parts: Part | str, **traits: Any) -> Any:
    """The content of the user's turn of these parts."""
    return messages_of(said("user", *parts), **traits)[0]["content"]


def losses(*messages: Message, maker: str = "", **traits: Any) -> tuple[str, ...]:
    return write(asked(*messages), maker, **traits).losses


@given(requests)
def test_any_conversation_is_what_the_sdk_knows(request: ChatRequest) -> None:
    body = orjson.loads(write(request, **OPENAI).body)
    assert body == known_to_the_sdk(body)
    called: list[str] = []
    for message in body["messages"]:
        if "tool" == message["role"]:
            assert called.pop(0) == message["tool_call_id"]
            continue
        assert [] == called
        called = [call["id"] for call in message.get("tool_calls", ())]
    assert [] == called or "tool_calls" in body["messages"][-1]


@pytest.mark.parametrize("role", ["system", "developer"])
def test_the_system_speaks_as_system_wherever_it_stands(role: Any) -> None:
    sent = messages_of(said(role, "S"), said(role, "T"), HI, said(role, "U"))
    assert [("system", "S\n\nT"), ("user", "hi"), ("system", "U")] == [
        (message["role"], message["content"]) for message in sent
    ]


@pytest.mark.parametrize("traits", [{"system_turns": False}, {"system_first": True}])
def test_who_takes_no_later_system_turn_hears_it_from_the_user(traits: dict[str, Any]) -> None:
    sent = messages_of(said("system", "S"), HI, said("system", "U"), **traits)
    assert [("system", "S"), ("user", "hi\n\nU")] == [(m["role"], m["content"]) for m in sent]


def test_a_turn_of_one_text_is_a_string() -> None:
    assert "a" == user("a")
    assert "a\n\nb" == user("a", "b")


def test_pictures_and_files() -> None:
    assert [text("a"), WIRE_IMAGE, WIRE_PDF] == user("a", IMAGE, PDF)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            Image(Media(url="https://x/a.png"), "low"),
            {"type": "image_url", "image_url": {"url": "https://x/a.png", "detail": "low"}},
        ),
        (
            Image(Media("image/jpg", data="AAAA")),
            {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA"}},
        ),
        (
            Document(Media("application/pdf", data="AAAA")),
            {
                "type": "file",
                "file": {
                    "file_data": "data:application/pdf;base64,AAAA",
                    "filename": "document.pdf",
                },
            },
        ),
        (
            Audio(Media("audio/mpeg", data="AAAA")),
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        ),
        (
            Audio(Media("audio/x-wav;rate=8000", data="AAAA")),
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        ),
    ],
)
def test_a_part(part: Part, expected: object) -> None:
    assert [expected] == user(part)


def test_a_text_file_is_text() -> None:
    assert "a.txt:\nhi" == user(Document(Media("text/plain", data="aGk="), "a.txt"))


@pytest.mark.parametrize(
    ("part", "traits", "param"),
    [
        (Image(Media(url="https://x")), {"image_urls": False}, "image_url"),
        (Image(Media(file_id="f")), {}, "image_url"),
        (Document(Media(url="https://x")), {}, "file"),
        (Document(Media(file_id="f")), {}, "file"),
        (Audio(Media("audio/ogg", data="AAAA")), {}, "input_audio"),
        (Audio(Media("audio/wav", url="https://x")), {}, "input_audio"),
        (Audio(Media(data="AAAA")), {}, "input_audio"),
    ],
)
def test_what_cannot_be_sent_is_refused(part: Part, traits: dict[str, Any], param: str) -> None:
    with pytest.raises(Untranslatable) as raised:
        user(part, **traits)
    assert (400, param) == (raised.value.status, raised.value.param)


def test_the_unknown_is_left_out_with_a_word() -> None:
    turn = said("user", "a", OpaquePart({"type": "video"}, "video"))
    assert [{"role": "user", "content": "a"}] == messages_of(turn)
    assert ("dropped video",) == losses(turn)


def test_a_turn_of_nothing_but_the_unknown_goes() -> None:
    assert ["assistant"] == [
        message["role"]
        for message in messages_of(said("user", OpaquePart({}, "x")), said("assistant", "a"))
    ]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("a", "b"), {"content": "ab"}),
        ((CALL,), {"content": None, "tool_calls": [WIRE_CALL]}),
        (("a", CALL), {"content": "a", "tool_calls": [WIRE_CALL]}),
        ((Refusal("no"),), {"content": "", "refusal": "no"}),
        ((Reasoning("hm"), "a"), {"content": "a"}),
        ((Reasoning("hm"),), {"content": ""}),
        ((IMAGE, "a"), {"content": "a"}),
    ],
)
def test_what_the_assistant_said(parts: tuple[Any, ...], expected: Mapping[str, Any]) -> None:
    (sent,) = messages_of(said("assistant", *parts))
    assert {"role": "assistant", **expected} == sent


def test_a_picture_of_the_assistants_is_left_out_with_a_word() -> None:
    assert ("dropped image",) == losses(said("assistant", IMAGE, "a"))


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (ToolCall("1", "f", ""), "{}"),
        (ToolCall("1", "f", "no JSON"), "no JSON"),
        (ToolCall("1", "f", "x\ny", custom=True), '{"input":"x\\ny"}'),
    ],
)
def test_the_arguments_of_a_call(call: ToolCall, arguments: str) -> None:
    (sent,) = messages_of(said("assistant", call))
    assert arguments == sent["tool_calls"][0]["function"]["arguments"]


def test_a_call_of_free_text_where_it_is_known() -> None:
    (sent,) = messages_of(said("assistant", ToolCall("1", "f", "x", custom=True)), **OPENAI)
    custom = {"id": "1", "type": "custom", "custom": {"name": "f", "input": "x"}}
    assert [custom] == sent["tool_calls"]


def test_ids_that_are_too_long_are_replaced_alike() -> None:
    id_ = "call_1|" + "signature" * 20
    calling, answer = messages_of(
        said("assistant", ToolCall(id_, "f", "{}")), said("tool", ToolResult(id_, (Text("4"),)))
    )
    (call,) = calling["tool_calls"]
    assert call["id"] == answer["tool_call_id"]
    assert len(call["id"]) <= 40


@pytest.mark.parametrize(
    ("field", "parts", "expected"),
    [
        ("", (Reasoning("hm"), CALL), None),
        ("reasoning_content", (Reasoning("hm"), CALL), "hm"),
        ("reasoning", (Reasoning("a"), Reasoning("b"), "c"), "ab"),
        ("reasoning_content", (Reasoning("hm", Seal("d", {}, "other")), CALL), "hm"),
        ("reasoning_content", (CALL,), ""),
        ("reasoning", (CALL,), None),
        ("reasoning_content", ("a",), None),
    ],
)
def test_where_earlier_reasoning_goes(field: str, parts: tuple[Any, ...], expected: object) -> None:
    (sent,) = messages_of(said("assistant", *parts), reasoning_field=field)
    assert expected == sent.get("reasoning_content", sent.get("reasoning"))


def test_state_goes_back_to_its_maker_and_to_nobody_else() -> None:
    turn = said("assistant", Reasoning("", OWN), "a")
    (sent,) = messages_of(turn, maker="vendor")
    assert DETAILS == sent["reasoning_details"]
    assert () == losses(turn, maker="vendor")
    (sent,) = messages_of(turn, maker="other")
    assert {"role": "assistant", "content": "a"} == sent
    assert (f"dropped {FOREIGN}",) == losses(turn, maker="other")


def test_state_of_another_dialect_is_left_out_with_a_word() -> None:
    seal = Seal("d", {"signature": "s"}, "vendor")
    for part in (Reasoning("", seal), ToolCall("1", "f", "{}", seal=seal)):
        turn = said("assistant", part, "a")
        assert "reasoning_details" not in messages_of(turn, maker="vendor")[0]
        assert (f"dropped {FOREIGN}",) == losses(turn, maker="vendor")


BREAKPOINT = {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}


@pytest.mark.parametrize(
    ("marks", "short", "long"),
    [
        ("none", {}, {}),
        (
            "breakpoint",
            {"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}},
            BREAKPOINT,
        ),
        (
            "cache_control",
            {"cache_control": {"type": "ephemeral"}},
            {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ),
    ],
)
def test_marks_for_the_cache(marks: str, short: Any, long: Any) -> None:
    parts = ["a", Text("b", cache="short"), Image(Media(url="u"), cache="long")]
    image = {"type": "image_url", "image_url": {"url": "u"}, **long}
    assert [text("a"), text("b", **short), image] == user(*parts, cache_marks=marks)


def test_marks_of_the_system_and_of_results_are_kept() -> None:
    sent = messages_of(
        said("system", "a", Text("b", cache="long")),
        said("assistant", CALL),
        said("tool", ToolResult("1", (Text("4"),), cache="long")),
        cache_marks="breakpoint",
    )
    assert [text("a"), text("b", **BREAKPOINT)] == sent[0]["content"]
    assert [text("4", **BREAKPOINT)] == sent[2]["content"]
