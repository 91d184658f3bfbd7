import json
from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.dialects.openai_chat.read_request import read_request
from llm_proxy.pipeline.dialects.openai_chat.write_request import write_request
from llm_proxy.pipeline.request import (
    ChatRequest,
    OpaquePart,
    Text,
    ToolCall,
    ToolResult,
)

USER = {"role": "user", "content": "hi", "name": "ann"}
FIELDS = {"model": "m", "messages": [USER]}


def read(**fields: Any) -> ChatRequest:
    return read_request(json.dumps({**FIELDS, **fields}).encode())


def written(request: ChatRequest, model: str = "m", *, stream_usage: bool = False) -> Any:
    return json.loads(write_request(request, model, stream_usage=stream_usage))


def rewritten(message: dict[str, Any], *parts: Any) -> Any:
    """The message on the wire after a stage gave it these parts."""
    request = read(messages=[message])
    changed = request.messages[0].with_parts(parts)
    return written(replace(request, messages=[changed]))["messages"][0]


IMAGE = {"type": "image_url", "image_url": {"url": "u"}}
CACHED = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}


def test_a_changed_part_keeps_its_unknown_fields_and_its_neighbours() -> None:
    message = {"role": "user", "content": [CACHED, IMAGE]}
    sent = rewritten(message, Text("b", CACHED), OpaquePart(IMAGE))
    assert {"role": "user", "content": [{**CACHED, "text": "b"}, IMAGE]} == sent


def test_text_beside_an_image_becomes_a_part() -> None:
    sent = rewritten(USER, Text("a"), OpaquePart(IMAGE))
    assert {**USER, "content": [{"type": "text", "text": "a"}, IMAGE]} == sent


def call(id_: str, arguments: str) -> dict[str, Any]:
    return {"id": id_, "type": "function", "function": {"name": "f", "arguments": arguments}}


def test_changed_text_beside_tool_calls_keeps_the_calls() -> None:
    message = {"role": "assistant", "content": "a", "tool_calls": [call("1", "{}")]}
    sent = rewritten(message, Text("b"), ToolCall("1", "f", "{}"))
    assert {**message, "content": "b"} == sent


def test_a_changed_tool_call_is_sent() -> None:
    message = {"role": "assistant", "content": "a", "tool_calls": [call("1", "{}")]}
    sent = rewritten(message, Text("a"), ToolCall("1", "f", "[]"))
    assert {**message, "tool_calls": [call("1", "[]")]} == sent


def test_the_messages_beside_a_changed_one_are_as_they_came() -> None:
    odd = {"id": "1", "function": {"name": "f", "arguments": {"as": "an object"}}}
    calling = {"role": "assistant", "content": None, "tool_calls": [odd]}
    result = {"role": "tool", "tool_call_id": "1", "content": "4"}
    request = read(messages=[calling, result, USER])
    changed = [*request.messages[:2], request.messages[2].with_parts([Text("b")])]
    expected = [calling, result, {**USER, "content": "b"}]
    assert expected == written(replace(request, messages=changed))["messages"]


def test_a_custom_tool_call_stays_out_of_the_content() -> None:
    custom = {"id": "c", "type": "custom", "custom": {"name": "g", "input": "x"}}
    message = {"role": "assistant", "content": "a", "tool_calls": [custom]}
    assert {**message, "content": "b"} == rewritten(message, Text("b"), OpaquePart(custom))


def test_a_changed_tool_result_is_sent() -> None:
    message = {"role": "tool", "tool_call_id": "1", "content": "4", "x": 1}
    assert {**message, "content": "5"} == rewritten(message, ToolResult("1", "5"))
