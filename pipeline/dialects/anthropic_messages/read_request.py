"""A Messages request → `ChatRequest`."""

from typing import Any, cast

from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.dialects.anthropic_messages.read_blocks import read_cache, read_content
from llm_proxy.pipeline.dialects.anthropic_messages.read_settings import (
    Fields,
    object_or_none,
    read_settings,
)
from llm_proxy.pipeline.dialects.request_fields import (
    flag,
    list_at,
    model_name,
    object_at,
    parsed_body,
)
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.request import ChatRequest, Message, Role, Source, Tool, ToolChoice

_ROLES = ("user", "assistant", "system")

_CHOICES: dict[str, ToolChoice] = {
    "auto": ToolChoice("auto"),
    "any": ToolChoice("required"),
    "none": ToolChoice("none"),
}


def read_request(body: bytes, *, counts_only: bool = False) -> ChatRequest:
    """Checks the shape that the proxy itself relies on; the rest is for the vendor to judge."""
    fields = parsed_body(body)
    model = model_name(fields.get("model"))
    messages = (*_system(fields), *_messages(fields.get("messages")))
    stream = flag(fields, "stream")
    params = read_settings(fields)
    if not counts_only and params.get("max_tokens") is None:
        raise BadRequest("max_tokens is required", param="max_tokens")
    tools, tool_choice = _tools(fields.get("tools")), _tool_choice(fields)
    return ChatRequest(
        model=model,
        messages=messages,
        stream=stream and not counts_only,
        counts_only=counts_only,
        params=params,
        tools=tools,
        tool_choice=tool_choice,
        source=Source(NAME, body, fields, messages, params, tools, tool_choice),
    )


def _system(fields: Fields) -> tuple[Message, ...]:
    """The field as a turn of its own, whose origin has the field's name and no role."""
    value = fields.get("system")
    if value is None:
        return ()
    return (Message("system", read_content(value, "system"), {"system": value}),)


def _messages(value: object) -> tuple[Message, ...]:
    raw = list_at(value, "messages")
    if not raw:
        raise BadRequest("messages must not be empty", param="messages")
    return tuple(_message(message, f"messages[{index}]") for index, message in enumerate(raw))


def _message(raw: object, where: str) -> Message:
    message = object_at(raw, where)
    role = message.get("role")
    if role not in _ROLES:
        known = ", ".join(_ROLES)
        raise BadRequest(f"{where}.role must be one of {known}", param=f"{where}.role")
    parts = read_content(message.get("content"), f"{where}.content")
    return Message(cast("Role", role), parts, message)


def _tools(value: object) -> tuple[Tool, ...]:
    raw = [] if value is None else list_at(value, "tools")
    return tuple(_tool(tool, f"tools[{index}]") for index, tool in enumerate(raw))


def _tool(raw: object, where: str) -> Tool:
    tool = object_at(raw, where)
    kind = tool.get("type")
    name, strict = str(tool.get("name") or ""), tool.get("strict")
    if kind not in (None, "custom"):
        return Tool(name or str(kind), hosted=True, origin=tool, cache=read_cache(tool))
    schema: Any = tool.get("input_schema")
    return Tool(
        name,
        {} if schema is None else object_at(schema, f"{where}.input_schema"),
        str(tool.get("description") or ""),
        strict if isinstance(strict, bool) else None,
        origin=tool,
        cache=read_cache(tool),
    )


def _tool_choice(fields: Fields) -> ToolChoice | None:
    choice = object_or_none(fields, "tool_choice")
    kind, name = choice.get("type"), choice.get("name")
    if kind == "tool" and isinstance(name, str) and name:
        return ToolChoice("required", (name,))
    return _CHOICES.get(kind) if isinstance(kind, str) else None
