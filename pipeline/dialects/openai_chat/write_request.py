"""`ChatRequest` → a chat completion request for a vendor."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.openai_chat.read_request import NAME
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.json_values import object_or_empty, objects_in
from llm_proxy.pipeline.params import canonical
from llm_proxy.pipeline.request import (
    ChatRequest,
    Message,
    OpaquePart,
    Part,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)

_ABSENT = object()
"""In place of the value of a field that must go."""

_EMPTY: Mapping[str, Any] = {}

_MODES = ("auto", "none", "required")


def write_request(request: ChatRequest, model: str, *, stream_usage: bool) -> bytes:
    """The body to send. Where nothing differs from what the client sent, its very bytes."""
    source = request.source if request.source and request.source.dialect == NAME else None
    changes = dict(_changes(request, source, model, stream_usage=stream_usage))
    if source and not changes:
        return source.raw
    body = {**(source.body if source else _EMPTY), **changes}
    try:
        return orjson.dumps({key: value for key, value in body.items() if value is not _ABSENT})
    except orjson.JSONEncodeError as error:
        raise BadRequest(f"the request cannot be written: {error}") from error


def _changes(
    request: ChatRequest, source: Source | None, model: str, *, stream_usage: bool
) -> Iterator[tuple[str, Any]]:
    """The fields that differ from the client's, by their names on the wire."""
    body = source.body if source else _EMPTY
    if model != body.get("model"):
        yield "model", model
    if not source or request.messages is not source.messages:
        yield "messages", [_message(message) for message in request.messages]
    if request.stream != bool(body.get("stream")):
        yield "stream", request.stream
        if not request.stream and "stream_options" in body:
            yield "stream_options", _ABSENT
    if request.stream and stream_usage:
        options = object_or_empty(body.get("stream_options"))
        if not options.get("include_usage"):
            yield "stream_options", {**options, "include_usage": True}
    if request.tools is not (source.tools if source else ()):
        yield "tools", [_tool(tool) for tool in request.tools] or _ABSENT
    if request.tool_choice != (source.tool_choice if source else None):
        yield "tool_choice", _tool_choice(request.tool_choice)
    params = source.params if source else _EMPTY
    if request.params is not params:
        yield from _changed_params(request.params, params, body)


def _changed_params(
    params: Mapping[str, Any], old: Mapping[str, Any], body: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    for name, value in params.items():
        if name not in old or old[name] != value:
            first, *others = _spellings(name, body) or [name]
            yield first, value
            yield from ((other, _ABSENT) for other in others)
    for name in old:
        if name not in params:
            yield from ((spelling, _ABSENT) for spelling in _spellings(name, body))


def _spellings(name: str, body: Mapping[str, Any]) -> list[str]:
    """The names that the client used for a setting: it may have written two for one."""
    return [wire for wire in body if canonical(wire) == name]


def _message(message: Message) -> Mapping[str, Any]:
    origin = message.origin
    if origin is not None and not message.touched:
        return origin
    written: dict[str, Any] = dict(origin) if origin else {"role": message.role}
    old_calls = objects_in(written.pop("tool_calls", None))
    content: list[Part] = []
    calls: list[Mapping[str, Any]] = []
    for part in message.parts:
        if isinstance(part, ToolCall):
            calls.append(_call(part, old_calls))
        elif isinstance(part, ToolResult):
            written["tool_call_id"] = part.id
            content.append(Text(part.text))
        elif isinstance(part, OpaquePart) and part.origin in old_calls:
            calls.append(part.origin)
        else:
            content.append(part)
    written["content"] = _content(content) if content or not calls else None
    if calls:
        written["tool_calls"] = calls
    return written


def _content(parts: Sequence[Part]) -> str | list[Mapping[str, Any]]:
    """A plain string where the parts are nothing but text the proxy may join."""
    if all(isinstance(part, Text) and part.origin is None for part in parts):
        return "".join(part.text for part in parts if isinstance(part, Text))
    written: list[Mapping[str, Any]] = []
    for part in parts:
        if isinstance(part, Text):
            written.append({**(part.origin or {}), "type": "text", "text": part.text})
        elif isinstance(part, OpaquePart):
            written.append(part.origin)
    return written


def _call(call: ToolCall, old_calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The call, with the fields that the client's own form of it has beside ours."""
    old = next((old for old in old_calls if old.get("id") == call.id), _EMPTY)
    function = {**object_or_empty(old.get("function")), "name": call.name}
    if call.arguments != function.get("arguments"):
        function["arguments"] = call.arguments
    return {**old, "id": call.id, "type": "function", "function": function}


def _tool(tool: Tool) -> Mapping[str, Any]:
    if tool.origin is not None:
        return tool.origin
    return {"type": "function", "function": {"name": tool.name, "parameters": tool.parameters}}


def _tool_choice(choice: str | None) -> object:
    if choice is None:
        return _ABSENT
    if choice in _MODES:
        return choice
    return {"type": "function", "function": {"name": choice}}
