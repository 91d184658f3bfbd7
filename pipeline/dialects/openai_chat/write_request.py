"""`ChatRequest` → a chat completion request for a vendor."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.openai_chat.read_request import RENAMED
from llm_proxy.pipeline.request import (
    ChatRequest,
    Message,
    OpaquePart,
    Source,
    Text,
    ToolCall,
    ToolResult,
)


def write_request(request: ChatRequest, model: str, *, stream_usage: bool) -> bytes:
    """The body to send. Where nothing differs from what the client sent, its very bytes."""
    source = request.source
    if source is None or source.dialect != "openai_chat":
        return orjson.dumps(_from_scratch(request, model, stream_usage=stream_usage))
    changes = _changes(request, source, model)
    if request.stream and stream_usage and not request.wants_usage:
        changes["stream_options"] = {**(source.body.get("stream_options") or {}), **_USAGE}
    dropped = _dropped(request.params, source)
    if not changes and not dropped:
        return source.raw
    body = {key: value for key, value in source.body.items() if key not in dropped}
    return orjson.dumps({**body, **changes})


_USAGE = {"include_usage": True}


def _changes(request: ChatRequest, source: Source, model: str) -> dict[str, Any]:
    """The fields that differ from the client's, by their names on the wire."""
    changes: dict[str, Any] = {}
    if model != source.model:
        changes["model"] = model
    if request.stream != source.stream:
        changes["stream"] = request.stream
    if request.messages is not source.messages:
        changes["messages"] = [_message(message) for message in request.messages]
    if request.params is not source.params:
        for name, value in request.params.items():
            if name not in source.params or source.params[name] != value:
                changes[_wire_name(name, source.body)] = value
    return changes


def _dropped(params: Mapping[str, Any], source: Source) -> set[str]:
    if params is source.params:
        return set()
    return {
        key
        for key in source.body
        if (name := RENAMED.get(key, key)) in source.params and name not in params
    }


def _wire_name(name: str, body: Mapping[str, Any]) -> str:
    """A setting's field name: the spelling the client used, where it has two."""
    return next((wire for wire, own in RENAMED.items() if own == name and wire in body), name)


def _from_scratch(request: ChatRequest, model: str, *, stream_usage: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in request.messages],
        **request.params,
    }
    if request.stream:
        body["stream"] = True
        if stream_usage:
            body["stream_options"] = _USAGE
    if request.tools:
        body["tools"] = [
            {"type": "function", "function": {"name": tool.name, "parameters": tool.parameters}}
            for tool in request.tools
        ]
    return body


def _message(message: Message) -> Mapping[str, Any]:
    if message.origin is not None and not message.touched:
        return message.origin
    if message.origin is not None:
        return {**message.origin, "content": _content(message.parts)}
    written: dict[str, Any] = {"role": message.role, "content": _content(message.parts)}
    for part in message.parts:
        if isinstance(part, ToolResult):
            written |= {"tool_call_id": part.id, "content": part.text}
    calls = [_call(part) for part in message.parts if isinstance(part, ToolCall)]
    return {**written, "tool_calls": calls} if calls else written


def _content(parts: Sequence[object]) -> str | list[Mapping[str, Any]]:
    """A plain string where the parts are nothing but text the proxy may join."""
    shown = [part for part in parts if isinstance(part, Text | OpaquePart)]
    if all(isinstance(part, Text) and part.origin is None for part in shown):
        return "".join(part.text for part in shown if isinstance(part, Text))
    return [
        {**(part.origin or {}), "type": "text", "text": part.text}
        if isinstance(part, Text)
        else part.origin
        for part in shown
    ]


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}
