import base64
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.dialects.anthropic_messages.read_blocks import read_content, result_parts
from llm_proxy.pipeline.dialects.seals import tag
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.parts import (
    Document,
    Image,
    Media,
    OpaquePart,
    Part,
    Reasoning,
    Seal,
    Text,
    ToolResult,
)

FOREIGN = Seal("gemini", {"thoughtSignature": "Ci"}, "google", "call_1")
OWN = Seal(NAME, {"type": "thinking", "thinking": "x", "signature": "Eq"}, "us")

URL = {"type": "url", "url": "https://x/y"}
PNG = {"type": "base64", "media_type": "image/png", "data": "iVBO-_"}


def one(block: dict[str, Any]) -> Part:
    (part,) = read_content([block], "content")
    return part


@pytest.mark.parametrize(
    ("source", "media"),
    [
        (PNG, Media("image/png", data="iVBO+/==")),
        ({**PNG, "media_type": "IMAGE/JPG", "data": "AAAA"}, Media("image/jpeg", data="AAAA")),
        (URL, Media(url="https://x/y")),
        ({"type": "file", "file_id": "f"}, Media(file_id="f")),
    ],
)
def test_images(source: dict[str, Any], media: Media) -> None:
    block = {"type": "image", "source": source}
    assert Image(media, origin=block) == one(block)


@pytest.mark.parametrize("source", [None, {}, {"type": "base64"}, {"type": "url", "url": 1}])
def test_an_image_that_is_not_understood_is_carried(source: Any) -> None:
    block = {"type": "image", "source": source}
    assert OpaquePart(block, "image") == one(block)


@pytest.mark.parametrize(
    ("source", "media"),
    [
        (
            {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
            Media("application/pdf", data="JVBE"),
        ),
        (
            {"type": "text", "media_type": "text/plain", "data": "né"},
            Media("text/plain", data=base64.b64encode("né".encode()).decode()),
        ),
        (URL, Media(url="https://x/y")),
    ],
)
def test_documents(source: dict[str, Any], media: Media) -> None:
    block = {"type": "document", "source": source, "title": "T", "context": "kept"}
    assert Document(media, "T", block) == one(block)


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (
            {
                "type": "search_result",
                "title": "T",
                "source": "https://x",
                "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            },
            "T\nhttps://x\na\nb",
        ),
        (
            {
                "type": "document",
                "title": "D",
                "source": {"type": "content", "content": [{"type": "text", "text": "a"}, {}]},
            },
            "D\na\n[image]",
        ),
        ({"type": "document", "source": {"type": "content", "content": "a"}}, "a"),
        ({"type": "search_result", "content": None}, ""),
    ],
)
def test_what_has_a_text_is_text_to_others(block: dict[str, Any], text: str) -> None:
    assert Text(text, block) == one(block)


def test_marks_for_the_cache() -> None:
    mark = {"type": "ephemeral"}
    short = one({"type": "text", "text": "a", "cache_control": mark})
    long = one({"type": "image", "source": URL, "cache_control": {**mark, "ttl": "1h"}})
    none = one({"type": "text", "text": "a", "cache_control": None})
    assert isinstance(short, Text)
    assert isinstance(long, Image)
    assert isinstance(none, Text)
    assert ("short", "long", None) == (short.cache, long.cache, none.cache)


def test_a_signed_thought() -> None:
    block = {"type": "thinking", "thinking": "x", "signature": "Eq", "more": 1}
    assert Reasoning("x", Seal(NAME, block), block) == one(block)


@pytest.mark.parametrize("signature", [None, "", 1])
def test_an_unsigned_thought(signature: Any) -> None:
    block = {"type": "thinking", "thinking": "x", "signature": signature}
    assert Reasoning("x", origin=block) == one(block)


def test_a_thought_that_nobody_may_see() -> None:
    block = {"type": "redacted_thinking", "data": "Eq"}
    assert Reasoning("", Seal(NAME, block), block) == one(block)


def test_a_tag_is_the_seals_in_it() -> None:
    block = {"type": "thinking", "thinking": "x", "signature": tag([FOREIGN, OWN])}
    expected = (Reasoning("x", FOREIGN, block), Reasoning("", OWN))
    assert expected == read_content([block], "content")
    redacted = {"type": "redacted_thinking", "data": tag([FOREIGN])}
    assert Reasoning("", FOREIGN, redacted) == one(redacted)


def test_a_damaged_tag_is_nobodys_state() -> None:
    assert Reasoning("x") == one({"type": "thinking", "thinking": "x", "signature": "px1.??"})


def test_what_is_not_known_is_carried() -> None:
    block = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    assert OpaquePart(block, "server_tool_use") == one(block)
    assert OpaquePart({}, "block") == one({})


def test_results_of_every_kind() -> None:
    reference = {"type": "tool_reference", "tool_name": "f"}
    image = {"type": "image", "source": URL}
    block = {"type": "tool_result", "tool_use_id": "a", "content": [reference, image]}
    part = one(block)
    assert isinstance(part, ToolResult)
    assert part.parts == (
        OpaquePart(reference, "tool_reference"),
        Image(Media(url="https://x/y"), origin=image),
    )
    assert ToolResult("a", (), origin={**block, "content": None}) == one({**block, "content": None})


def test_a_text_without_text_is_carried_in_a_result_only() -> None:
    assert (OpaquePart({"type": "text"}, "text"),) == result_parts([{"type": "text"}], "content")
    with pytest.raises(BadRequest):
        one({"type": "text"})
