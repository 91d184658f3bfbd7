"""What the parts of a message are, beyond text."""

from typing import Any

import pytest
from hypothesis import given

from llm_proxy.pipeline.dialects.openai_chat.read_message import read_message
from llm_proxy.pipeline.dialects.seals import tag
from llm_proxy.pipeline.errors import BadRequest
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
    ToolResult,
)
from tests.unit.pipeline.dialects.openai_chat import json_values


def parts_of(**message: Any) -> list[Part]:
    return list(read_message(message, 0).parts)


def image(value: object, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": value, **more}


def file(**fields: Any) -> dict[str, Any]:
    return {"type": "file", "file": fields}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (image({"url": "u", "detail": "original"}), Image(Media(url="u"), "original")),
        (image({"url": "u", "detail": 5}), Image(Media(url="u"))),
        (image("u"), Image(Media(url="u"))),
        (
            image({"url": "data:image/jpg;charset=x;BASE64,-_-_"}),
            Image(Media("image/jpeg", data="+/+/")),
        ),
        (
            file(file_data="data:application/pdf;base64,AAAA", filename="a.pdf"),
            Document(Media("application/pdf", data="AAAA"), "a.pdf"),
        ),
        (file(file_data="AAAA"), Document(Media(data="AAAA"))),
        (file(file_id="f", file_data=None), Document(Media(file_id="f"))),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
            Audio(Media("audio/mp3", data="AAAA")),
        ),
        ({"type": "refusal", "refusal": "no"}, Refusal("no")),
        ({"type": "new", "x": 1}, OpaquePart({}, "new")),
        ({"x": 1}, OpaquePart({}, "part")),
    ],
)
def test_a_part_keeps_what_it_came_as(raw: dict[str, Any], expected: Part) -> None:
    (part,) = parts_of(role="user", content=[raw])
    assert raw is part.origin
    fields = [name for name in expected.__dataclass_fields__ if name != "origin"]
    assert [getattr(expected, name) for name in fields] == [getattr(part, name) for name in fields]
    assert type(expected) is type(part)


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ({"prompt_cache_breakpoint": {"mode": "explicit"}}, "short"),
        ({"prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}, "long"),
        ({"cache_control": {"type": "ephemeral", "ttl": "5m"}}, "short"),
        ({"cache_control": {"type": "ephemeral", "ttl": "1h"}}, "long"),
        ({"cache_control": None}, None),
        ({}, None),
    ],
)
def test_a_mark_for_the_cache(mark: dict[str, Any], expected: str | None) -> None:
    text, picture = parts_of(
        role="user", content=[{"type": "text", "text": "a", **mark}, image("u", **mark)]
    )
    assert isinstance(text, Text)
    assert isinstance(picture, Image)
    assert (expected, expected) == (text.cache, picture.cache)


def test_no_part_of_a_result_is_lost() -> None:
    parts = [
        {"type": "text", "text": "4"},
        image("u"),
        {"type": "new"},
        {"type": "refusal", "refusal": "no"},
    ]
    (result,) = parts_of(role="tool", tool_call_id="1", content=parts)
    assert isinstance(result, ToolResult)
    assert parts == [part.origin for part in result.parts]
    kinds = [Text, Image, OpaquePart, OpaquePart]
    assert kinds == [type(part) for part in result.parts]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"reasoning_content": "hm"}, [Reasoning("hm")]),
        ({"reasoning": "hm"}, [Reasoning("hm")]),
        ({"reasoning_content": "", "reasoning": "hm"}, [Reasoning("hm")]),
        ({"reasoning_content": None, "reasoning": 5}, []),
        ({"refusal": "no"}, [Refusal("no")]),
        ({"refusal": None}, []),
    ],
)
def test_what_stands_beside_the_content(fields: dict[str, Any], expected: list[Part]) -> None:
    assert expected == parts_of(role="assistant", content=None, **fields)


TAGGED = Seal("d", {"signature": "s"}, "vendor", "1")


def test_other_vendors_state_is_found_in_its_tag_and_the_own_stays_whole() -> None:
    own = [{"type": "reasoning.text", "text": "a"}, {"type": "reasoning.encrypted", "data": "x"}]
    details = [own[0], {"type": "reasoning.encrypted", "data": tag([TAGGED])}, own[1], "odd"]
    parts = parts_of(role="assistant", content="a", reasoning="hm", reasoning_details=details)
    native = Seal("openai_chat", {"reasoning_details": own})
    expected = [Reasoning("hm"), Reasoning("", TAGGED), Reasoning("", native), Text("a")]
    assert expected == parts


def test_a_damaged_tag_is_nothing() -> None:
    details = [{"type": "reasoning.encrypted", "data": tag([TAGGED])[:-9]}]
    assert [Text("a")] == parts_of(role="assistant", content="a", reasoning_details=details)


def test_arguments_that_cannot_be_written_are_the_clients_fault() -> None:
    call = {"id": "1", "function": {"name": "f", "arguments": {"x": float("nan")}}}
    parts_of(role="assistant", tool_calls=[call])  # orjson writes null for it
    deep: Any = {}
    for _ in range(300):
        deep = {"x": deep}
    call = {"id": "1", "function": {"name": "f", "arguments": deep}}
    with pytest.raises(BadRequest) as raised:
        parts_of(role="assistant", tool_calls=[call])
    assert "messages[0].tool_calls[0].function.arguments" == raised.value.param


@given(json_values.values)
def test_any_reasoning_details_are_read(details: Any) -> None:
    parts_of(role="assistant", content="a", reasoning_details=details)
