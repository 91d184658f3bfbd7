"""When the local backend calls a tool, and with what."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import orjson

from llm_proxy.backends.local.words import last_said
from llm_proxy.pipeline.events import Event, ToolCallDelta, ToolCallEnd, ToolCallStart
from llm_proxy.pipeline.json_values import is_list, object_or_empty
from llm_proxy.pipeline.parts import ToolResult
from llm_proxy.pipeline.request import ChatRequest, Tool

_SAMPLES: Mapping[str, Any] = {
    "string": "sample",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "null": None,
    "array": [],
}

_DEEPEST = 8


def tool_calls(request: ChatRequest) -> list[Event]:
    """The calls of every tool that is asked for: by the client's tool choice, or by the user, who
    names it. None when a tool has just answered."""
    if _has_answered(request) or (request.tool_choice and request.tool_choice.mode == "none"):
        return []
    events: list[Event] = []
    for index, tool in enumerate(_asked_for(request)):
        try:
            arguments = orjson.dumps(_sample(tool.parameters)).decode()
        except orjson.JSONEncodeError:  # a constant nested too deeply
            arguments = "{}"
        events += [
            ToolCallStart(index, f"call_{uuid4().hex[:24]}", tool.name),
            ToolCallDelta(index, arguments),
            ToolCallEnd(index),
        ]
    return events


def _has_answered(request: ChatRequest) -> bool:
    """Whether the last turn is what a tool gave back."""
    return any(isinstance(part, ToolResult) for part in request.messages[-1].parts)


def _asked_for(request: ChatRequest) -> Sequence[Tool]:
    said, choice = last_said(request), request.tool_choice
    functions = [tool for tool in request.tools if not tool.custom and not tool.hosted]
    allowed = [t for t in functions if not (choice and choice.names) or t.name in choice.names]
    named = [tool for tool in allowed if re.search(rf"\b{re.escape(tool.name)}\b", said)]
    if choice and choice.mode == "required":
        return named or allowed[:1]
    return named


def _sample(schema: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that fits a JSON Schema well enough to call a tool with."""
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if is_list(choices := schema.get("enum")) and choices:
        return choices[0]
    kind = schema.get("type", "object" if depth == 0 or "properties" in schema else "string")
    if is_list(kind):
        kind = kind[0] if kind else "null"
    if kind != "object" or depth > _DEEPEST:
        return _SAMPLES.get(str(kind))
    properties = object_or_empty(schema.get("properties"))
    required = schema.get("required")
    names = required if is_list(required) else []
    return {
        str(name): _sample(object_or_empty(properties.get(str(name))), depth + 1) for name in names
    }
