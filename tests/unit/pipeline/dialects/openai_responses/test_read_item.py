from typing import Any

import pytest

from llm_proxy.pipeline.dialects.openai_responses.read_item import read_item
from llm_proxy.pipeline.parts import (
    OpaquePart,
    Part,
    Reasoning,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)

SUMMARY = [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": SUMMARY, "encrypted_content": "x"}
IMAGE = {"type": "input_image", "image_url": "https://x/y.png"}


def case(role: str, item: dict[str, Any], *parts: Part) -> tuple[str, dict[str, Any], list[Part]]:
    return role, item, list(parts)


CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a":1}'}
GROUPED = {**CALL, "namespace": "ns"}
CUSTOM = {"type": "custom_tool_call", "call_id": "c", "name": "p", "input": "x"}
RESULT = {"type": "function_call_output", "call_id": "c", "output": "18C"}
LIST = {**RESULT, "output": [{"type": "input_text", "text": "a"}]}
CUSTOM_RESULT = {"type": "custom_tool_call_output", "call_id": "c", "output": ""}
SEARCH = {"type": "web_search_call", "id": "w"}


@pytest.mark.parametrize(
    ("role", "item", "parts"),
    [
        case("user", {"role": "user", "content": "hi"}, Text("hi")),
        case("developer", {"type": "message", "role": "developer", "content": "x"}, Text("x")),
        case("assistant", {"role": "assistant", "content": None}),
        case("assistant", CALL, ToolCall("c", "f", '{"a":1}', origin=CALL)),
        case("assistant", GROUPED, ToolCall("c", "ns__f", '{"a":1}', origin=GROUPED)),
        case("assistant", CUSTOM, ToolCall("c", "p", "x", custom=True, origin=CUSTOM)),
        case("tool", RESULT, ToolResult("c", (Text("18C"),), origin=RESULT)),
        case("tool", LIST, ToolResult("c", (Text("a", LIST["output"][0]),), origin=LIST)),
        case(
            "tool",
            CUSTOM_RESULT,
            ToolResult("c", (Text(""),), custom=True, origin=CUSTOM_RESULT),
        ),
        case("assistant", THOUGHT, Reasoning("a\n\nb", Seal("openai_responses", THOUGHT), THOUGHT)),
        case("assistant", {"id": "x"}, OpaquePart({"id": "x"}, "item_reference")),
        case("assistant", SEARCH, OpaquePart(SEARCH, "web_search_call")),
    ],
)
def test_an_item_is_a_turn(role: str, item: dict[str, Any], parts: list[Part]) -> None:
    message = read_item(item, 0)
    assert (role, tuple(parts), item) == (message.role, message.parts, message.origin)
