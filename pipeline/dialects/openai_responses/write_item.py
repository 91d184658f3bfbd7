"""`Message` → items of `input`, for a client of this dialect: what a stage has changed is written
anew, with every field that it had beside."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_proxy.pipeline.dialects.openai_chat.tool_fragments import arguments_text
from llm_proxy.pipeline.dialects.openai_responses.formats import NAME
from llm_proxy.pipeline.dialects.openai_responses.namespaces import Namespaces
from llm_proxy.pipeline.dialects.openai_responses.write_parts import Json, written_content
from llm_proxy.pipeline.parts import OpaquePart, Part, Reasoning, ToolCall, ToolResult
from llm_proxy.pipeline.request import Message


def write_items(message: Message, namespaces: Namespaces) -> Iterator[Json]:
    """The items; the very origin where nothing has touched the message."""
    origin = message.origin
    if origin is not None and not message.touched:
        yield origin
        return
    content: list[Part] = []
    for part in message.parts:
        item = _item(part, message, namespaces)
        if item is None and not isinstance(part, Reasoning):
            content.append(part)
            continue
        yield from _message(message, content)
        content = []
        if item is not None:
            yield item
    yield from _message(message, content)


def _message(message: Message, content: list[Part]) -> Iterator[Json]:
    if not content:
        return
    old = message.origin if message.origin and "role" in message.origin else None
    role = "user" if message.role == "tool" else message.role
    said = role == "assistant"
    yield {**(old or {"role": role}), "content": written_content(content, said=said)}


def _item(part: Part, message: Message, namespaces: Namespaces) -> Json | None:
    """The item of a part that is one by itself."""
    match part:
        case ToolCall():
            return written_call(part, namespaces)
        case ToolResult():
            return written_result(part)
        case Reasoning(_, seal, origin):
            own = seal is not None and seal.dialect == NAME
            return origin or (seal.block if own and seal else None)
        case OpaquePart(origin) if origin is message.origin:
            return origin
        case _:
            return None


def written_call(call: ToolCall, namespaces: Namespaces) -> Json:
    """A call, with the fields that the client's own form of it has beside ours."""
    origin: dict[str, Any] = dict(call.origin or {})
    kind, field = ("custom_tool_call", "input") if call.custom else ("function_call", "arguments")
    if origin.get(field) is None or call.arguments != _text_of(origin):
        origin[field] = call.arguments
    named = namespaces.fields(call.name)
    if "namespace" not in named:
        origin.pop("namespace", None)
    return {**origin, "type": kind, "call_id": call.id, **named}


def _text_of(item: Mapping[str, Any]) -> str:
    value = item.get("input") if "input" in item else item.get("arguments")
    return arguments_text(value)


def written_result(result: ToolResult) -> Json:
    """What a tool gave back, with the fields that the client's form of it has beside ours."""
    kind = "custom_tool_call_output" if result.custom else "function_call_output"
    output = written_content(result.parts, said=False)
    return {**(result.origin or {}), "type": kind, "call_id": result.id, "output": output}
