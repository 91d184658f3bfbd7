"""A chat completion request → `ChatRequest`."""

from collections.abc import Mapping
from typing import Any, cast

import orjson

from llm_proxy.pipeline.dialects.openai_chat.tool_fragments import arguments_text
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.json_values import is_list, is_object, object_or_empty
from llm_proxy.pipeline.params import ALIASES, STRUCTURE
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

_LONGEST_NAME = 512

_PLAIN_ROLES = ("user", "assistant", "system", "developer")

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
    if len(model) > _LONGEST_NAME:
        raise BadRequest(f"model is longer than {_LONGEST_NAME} characters", param="model")
    messages = _messages(fields.get("messages"))
    stream = _flag(fields, "stream")
    params = {key: value for key, value in fields.items() if key not in STRUCTURE}
    for alias, name in ALIASES.items():
        if alias in params:  # the newer spelling wins where both are there
            params[name] = params.pop(alias)
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
        if isinstance(value, float) and value.is_integer():
            continue  # also what the parser makes of a number beyond 64 bits
        if value is not None and (isinstance(value, bool) or not isinstance(value, kind)):
            raise BadRequest(f"{name} must be {word}", param=name)


def _wants_usage(fields: Mapping[str, Any]) -> bool:
    options = fields.get("stream_options")
    if options is None:
        return False
    return bool(_table(options, "stream_options", "stream_options").get("include_usage"))


def _messages(value: object) -> tuple[Message, ...]:
    raw = _list(value, "messages")
    if not raw:
        raise BadRequest("messages must not be empty", param="messages")
    return tuple(_message(message, index) for index, message in enumerate(raw))


def _message(raw: object, index: int) -> Message:
    if not is_object(raw):
        raise BadRequest(f"messages[{index}] must be an object", param=f"messages[{index}]")
    role, content = raw.get("role"), raw.get("content")
    if isinstance(content, str) and role in _PLAIN_ROLES and "tool_calls" not in raw:
        # Most turns of a long history, read without a detour.
        return Message(cast("Role", role), (Text(content),), raw)
    return _structured_message(raw, f"messages[{index}]")


def _structured_message(raw: Mapping[str, Any], where: str) -> Message:
    role, content = raw.get("role"), raw.get("content")
    if not isinstance(role, str) or role not in ROLES:
        known = ", ".join(sorted(ROLES))
        raise BadRequest(f"{where}.role must be one of {known}", param=f"{where}.role")
    if isinstance(content, str):
        parts: list[Part] = [Text(content)]
    elif content is None or is_list(content):
        parts = [_part(part, n, f"{where}.content") for n, part in enumerate(content or [])]
    else:
        raise BadRequest(
            f"{where}.content must be a string or a list of parts", param=f"{where}.content"
        )
    if role in ("tool", "function"):
        text = "".join(part.text for part in parts if isinstance(part, Text))
        id_ = raw.get("tool_call_id") or raw.get("name") or ""
        return Message("tool", (ToolResult(str(id_), text),), raw)
    calls = _list(raw.get("tool_calls") or [], f"{where}.tool_calls")
    parts += [_tool_call(call, f"{where}.tool_calls[{n}]") for n, call in enumerate(calls)]
    return Message(cast("Role", role), tuple(parts), raw)


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
    try:
        arguments = arguments_text(function.get("arguments"))
    except ValueError as error:
        raise BadRequest(str(error), param=f"{where}.function.arguments") from error
    return ToolCall(str(call.get("id") or ""), str(function.get("name") or ""), arguments)


def _tools(value: object) -> tuple[Tool, ...]:
    raw = [] if value is None else _list(value, "tools")
    return tuple(_tool(tool, index) for index, tool in enumerate(raw))


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
