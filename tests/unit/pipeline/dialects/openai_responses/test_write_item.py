from dataclasses import replace
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.openai_responses.namespaces import Namespaces
from llm_proxy.pipeline.dialects.openai_responses.read_item import read_item
from llm_proxy.pipeline.dialects.openai_responses.read_tools import read_tools
from llm_proxy.pipeline.dialects.openai_responses.write_item import write_items
from llm_proxy.pipeline.parts import Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import Message
from tests.unit.pipeline.dialects.openai_responses.wire import GROUP, ITEMS

GROUPS = Namespaces(read_tools([GROUP]))


def items(message: Message) -> list[Any]:
    return list(write_items(message, GROUPS))


@pytest.mark.parametrize("item", [*ITEMS, {"id": "x"}, {"type": "mcp_call", "id": "y"}])
def test_what_is_touched_but_the_same_is_the_same(item: Any) -> None:
    message = read_item(item, 0)
    assert [item] == items(message)
    assert [item] == items(message.with_parts(message.parts))


def test_changed_text_keeps_the_fields_beside_it() -> None:
    message = read_item(ITEMS[2], 0)
    (text,) = message.parts
    assert isinstance(text, Text)
    part = {**ITEMS[2]["content"][0], "text": "Bye"}
    assert [{**ITEMS[2], "content": [part]}] == items(
        message.with_parts([replace(text, text="Bye")])
    )
    assert [{**ITEMS[0], "content": "bye"}] == items(
        read_item(ITEMS[0], 0).with_parts([Text("bye")])
    )


def test_a_changed_call_and_result() -> None:
    call, result = read_item(ITEMS[3], 0), read_item(ITEMS[4], 0)
    changed = [replace(part, arguments="[]") for part in call.parts if isinstance(part, ToolCall)]
    assert [{**ITEMS[3], "arguments": "[]"}] == items(call.with_parts(changed))
    shorter = [replace(p, parts=(Text("x"),)) for p in result.parts if isinstance(p, ToolResult)]
    assert [{**ITEMS[4], "output": "x"}] == items(result.with_parts(shorter))


def test_a_new_turn_becomes_as_many_items_as_it_needs() -> None:
    parts = (Text("a"), ToolCall("c", "ns__inner", "{}"), ToolCall("d", "p", "x", custom=True))
    assert [
        {"role": "assistant", "content": "a"},
        {
            "type": "function_call",
            "call_id": "c",
            "name": "inner",
            "namespace": "ns",
            "arguments": "{}",
        },
        {"type": "custom_tool_call", "call_id": "d", "name": "p", "input": "x"},
    ] == items(Message("assistant", parts))
    result = ToolResult("c", (Text("r"),))
    assert [{"type": "function_call_output", "call_id": "c", "output": "r"}] == items(
        Message("tool", (result,))
    )


def test_text_added_to_a_list_is_a_part_of_its_kind() -> None:
    message = read_item(ITEMS[2], 0)
    (item,) = items(message.with_parts([*message.parts, Text("x")]))
    assert {"type": "output_text", "annotations": [], "text": "x"} == item["content"][1]
