from dataclasses import replace
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.anthropic_messages.read_blocks import read_content
from llm_proxy.pipeline.dialects.anthropic_messages.write_blocks import (
    written_block,
    written_blocks,
)
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

RESULT = {
    "type": "tool_result",
    "tool_use_id": "a",
    "content": [{"type": "text", "text": "R", "x": 1}, {"type": "tool_reference"}],
    "cache_control": {"type": "ephemeral"},
    "y": 2,
}
CALL = {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}, "caller": {"type": "direct"}}
SEARCH = {"type": "search_result", "title": "T", "source": "S", "content": []}


def part_of(block: dict[str, Any]) -> Any:
    (part,) = read_content([block], "content")
    return part


@pytest.mark.parametrize(
    "block",
    [
        RESULT,
        CALL,
        SEARCH,
        {"type": "text", "text": "a", "citations": []},
        {"type": "image", "source": {"type": "url", "url": "u"}, "x": 1},
        {"type": "document", "source": {"type": "content", "content": "c"}},
        {"type": "thinking", "thinking": "x", "signature": "E", "y": 1},
        {"type": "thinking", "thinking": "x"},
        {"type": "of_tomorrow"},
    ],
)
def test_a_block_as_it_came(block: dict[str, Any]) -> None:
    assert block == written_block(part_of(block))


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            Text("a", cache="short"),
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        ),
        (Refusal("a"), {"type": "text", "text": "a"}),
        (
            Image(Media("image/png", data="AA==")),
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AA=="},
            },
        ),
        (Image(Media(file_id="f")), {"type": "image", "source": {"type": "file", "file_id": "f"}}),
        (
            Document(Media(url="u"), "T"),
            {"type": "document", "source": {"type": "url", "url": "u"}, "title": "T"},
        ),
        (
            Document(Media("text/plain", data="YQ==")),
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "a"},
            },
        ),
        (ToolCall("a", "f", ""), {"type": "tool_use", "id": "a", "name": "f", "input": {}}),
        (ToolResult("a"), {"type": "tool_result", "tool_use_id": "a"}),
        (
            ToolResult("a", (Text("R"),), is_error=True),
            {"type": "tool_result", "tool_use_id": "a", "content": "R", "is_error": True},
        ),
        (Reasoning("x"), None),
        (Reasoning("x", Seal("gemini", {}, "g")), None),
        (Audio(Media("audio/wav", data="")), None),
    ],
)
def test_a_block_of_our_own(part: Part, block: Any) -> None:
    assert block == written_block(part)


def test_a_changed_part_keeps_the_fields_beside() -> None:
    assert {**CALL, "name": "g"} == written_block(replace(part_of(CALL), name="g"))
    changed = written_block(replace(part_of(CALL), arguments='{"x":2}'))
    assert {**CALL, "input": {"x": 2}} == changed
    result = part_of(RESULT)
    first, second = result.parts
    changed = written_block(replace(result, parts=(replace(first, text="S"), second)))
    content = [{"type": "text", "text": "S", "x": 1}, {"type": "tool_reference"}]
    assert {**RESULT, "content": content} == changed
    assert {**RESULT, "is_error": True} == written_block(replace(result, is_error=True))
    emptied = written_block(replace(result, parts=()))
    assert {key: value for key, value in RESULT.items() if key != "content"} == emptied


def test_another_text_of_a_search_result_is_a_text() -> None:
    changed = written_block(replace(part_of(SEARCH), text="x"))
    assert {"type": "text", "text": "x"} == changed


def test_empty_texts_go() -> None:
    assert [] == written_blocks([Text(""), Refusal(""), Reasoning("x")])
    assert [{}] == written_blocks([OpaquePart({})])
