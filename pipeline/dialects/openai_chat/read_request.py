"""A chat completion request → `ChatRequest`."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import orjson

from llm_proxy.pipeline.dialects.openai_chat.tool_fragments import arguments_text
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.json_values import is_list, is_object, object_or_empty
from llm_proxy.pipeline.lazy import LazySequence
from llm_proxy.pipeline.request import (
    ChatRequest,
    Message,
    OpaquePart,
    Part,
    Role,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)

NAME = "openai_chat"

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})

STRUCTURE = frozenset({"model", "messages", "stream", "stream_options", "tools", "tool_choice"})
"""Fields that are not settings."""

RENAMED = {"max_completion_tokens": "max_tokens"}
"""Fields with another name here than in `ChatRequest.params`."""

_NUMBER = ((int, float), "a number")
_INTEGER = ((int,), "a whole number")
_NUMERIC = {
    **dict.fromkeys(("temperature", "top_p", "presence_penalty", "frequency_penalty"), _NUMBER),
    **dict.fromkeys(("max_tokens", "max_completion_tokens", "n", "seed"), _INTEGER),
}


def read_request(body: bytes) -> ChatRequest:
    """Checks the shape that the proxy itself relies on; the rest is for the vendor to judge."""
    try:
        parsed: Any = orjson.loads(body)
    except ValueError as error:
        raise BadRequest(f"the request's body is not valid JSON: {error}") from None
    fields = _table(parsed, None, "the request's body")
    model = fields.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequest("model must be a non-empty string", param="model")
    messages = _messages(fields.get("messages"))
    stream = _flag(fields, "stream")
    params = {RENAMED.get(key, key): value for key, value in fields.items() if key not in STRUCTURE}
    _check_numbers(fields)
    tools, tool_choice = _tools(fields.get("tools")), _tool_choice(fields.get("tool_choice"))
    return ChatRequest(
        model=model,
        messages=messages,
        stream=stream,
        wants_usage=not stream or _wants_usage(fields),
        params=params,
        tools=tools,
        tool_choice=tool_choice,
        source=Source(NAME, body, fields, messages, params, tools, tool_choice),
    )


def _table(value: object, param: str | None, what: str) -> Mapping[str, Any]:
    if not is_object(value):
        raise BadRequest(f"{what} must be an object", param=param)
    return value


def _list(value: object, param: str) -> list[Any]:
    if not is_list(value):
        raise BadRequest(f"{param} must be a list", param=param)
    return value


def _flag(fields: Mapping[str, Any], name: str) -> bool:
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false", param=name)
    return bool(value)


def _check_numbers(fields: Mapping[str, Any]) -> None:
    for name, (kind, word) in _NUMERIC.items():
        value = fields.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, kind)):
            raise BadRequest(f"{name} must be {word}", param=name)


def _wants_usage(fields: Mapping[str, Any]) -> bool:
    options = fields.get("stream_options")
    if options is None:
        return False
    return bool(_table(options, "stream_options", "stream_options").get("include_usage"))


def _messages(value: object) -> LazySequence[Message]:
    raw = _list(value, "messages")
    if not raw:
        raise BadRequest("messages must not be empty", param="messages")
    for index, message in enumerate(raw):
        _check_message(message, f"messages[{index}]")
    return LazySequence(raw, _message)


def _check_message(value: object, where: str) -> None:
    message = _table(value, where, where)
    role = message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        known = ", ".join(sorted(ROLES))
        raise BadRequest(f"{where}.role must be one of {known}", param=f"{where}.role")
    if not isinstance(message.get("content"), str | list | None):
        raise BadRequest(
            f"{where}.content must be a string or a list of parts", param=f"{where}.content"
        )


def _message(raw: Mapping[str, Any], index: int) -> Message:
    role = cast("Role", "tool" if raw["role"] == "function" else raw["role"])
    content = raw.get("content")
    where = f"messages[{index}]"
    if isinstance(content, str):
        parts: list[Part] = [Text(content)]
    else:
        read = partial(_part, where=f"{where}.content")
        parts = [read(part, n) for n, part in enumerate(cast("list[Any]", content or []))]
    if role == "tool":
        text = "".join(part.text for part in parts if isinstance(part, Text))
        parts = [ToolResult(str(raw.get("tool_call_id") or raw.get("name") or ""), text)]
    for n, call in enumerate(_list(raw.get("tool_calls") or [], f"{where}.tool_calls")):
        parts.append(_tool_call(call, f"{where}.tool_calls[{n}]"))
    return Message(role, tuple(parts), origin=raw)


def _part(raw: object, index: int, where: str) -> Part:
    part = _table(raw, f"{where}[{index}]", f"{where}[{index}]")
    text = part.get("text")
    if part.get("type") == "text":
        if not isinstance(text, str):
            raise BadRequest(
                f"{where}[{index}].text must be a string", param=f"{where}[{index}].text"
            )
        return Text(text, origin=part)
    return OpaquePart(part)


def _tool_call(raw: object, where: str) -> Part:
    call = _table(raw, where, where)
    if call.get("type", "function") != "function":
        return OpaquePart(call)
    function = _table(call.get("function"), f"{where}.function", f"{where}.function")
    return ToolCall(
        str(call.get("id") or ""),
        str(function.get("name") or ""),
        arguments_text(function.get("arguments")),
    )


def _tools(value: object) -> LazySequence[Tool]:
    return LazySequence([] if value is None else _list(value, "tools"), _tool)


def _tool(raw: object, index: int) -> Tool:
    where = f"tools[{index}]"
    tool = _table(raw, where, where)
    body: object = tool.get(str(tool.get("type", "function"))) or {}
    function = _table(body, f"{where}.function", f"{where}.function")
    parameters: object = function.get("parameters") or {}
    return Tool(
        str(function.get("name") or ""),
        _table(parameters, where, f"{where}.function.parameters"),
        tool,
    )


def _tool_choice(value: object) -> str | None:
    """`auto`, `none`, `required`, or the name of the one tool to call."""
    if is_object(value):
        name = object_or_empty(value.get(str(value.get("type")))).get("name")
        return name if isinstance(name, str) else None
    return value if isinstance(value, str) else None
