"""An item of `input` → `Message`: each item is one turn, or a piece of one."""

from collections.abc import Mapping
from typing import Any, cast

from llm_proxy.pipeline.dialects.openai_chat.tool_fragments import arguments_text
from llm_proxy.pipeline.dialects.openai_responses.namespaces import full_name
from llm_proxy.pipeline.dialects.openai_responses.read_parts import read_content, read_output
from llm_proxy.pipeline.dialects.openai_responses.reasoning import read_reasoning
from llm_proxy.pipeline.dialects.request_fields import object_at
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.parts import OpaquePart, ToolCall, ToolResult
from llm_proxy.pipeline.request import Message, Role

_ROLES = ("assistant", "developer", "system", "user")

_CALLS = ("function_call", "custom_tool_call")
_RESULTS = ("function_call_output", "custom_tool_call_output")


def read_item(raw: object, index: int) -> Message:
    """Raises `BadRequest`, which names the field at fault."""
    where = f"input[{index}]"
    item = object_at(raw, where)
    kind = _kind(item, where)
    if kind == "message":
        return _message(item, where)
    if kind in _CALLS:
        return Message("assistant", (_call(item, where, custom=kind == _CALLS[1]),), item)
    if kind in _RESULTS:
        parts = read_output(item.get("output"), f"{where}.output")
        id_, custom = str(item.get("call_id") or ""), kind == _RESULTS[1]
        return Message("tool", (ToolResult(id_, parts, custom=custom, origin=item),), item)
    if kind == "reasoning":
        return Message("assistant", read_reasoning(item), item)
    return Message("assistant", (OpaquePart(item, kind),), item)


def _kind(item: Mapping[str, Any], where: str) -> str:
    """The type of an item; messages and references may come without one."""
    kind = item.get("type")
    if isinstance(kind, str) and kind:
        return kind
    if kind is None and "role" in item:
        return "message"
    if kind is None and "id" in item:
        return "item_reference"
    raise BadRequest(f"{where}.type must name the kind of item", param=f"{where}.type")


def _message(item: Mapping[str, Any], where: str) -> Message:
    role = item.get("role")
    if role not in _ROLES:
        known = ", ".join(_ROLES)
        raise BadRequest(f"{where}.role must be one of {known}", param=f"{where}.role")
    return Message(cast("Role", role), read_content(item.get("content"), f"{where}.content"), item)


def _call(item: Mapping[str, Any], where: str, *, custom: bool) -> ToolCall:
    field = "input" if custom else "arguments"
    try:
        arguments = arguments_text(item.get(field))
    except ValueError as error:
        raise BadRequest(str(error), param=f"{where}.{field}") from error
    name = full_name(item.get("namespace"), str(item.get("name") or ""))
    return ToolCall(str(item.get("call_id") or ""), name, arguments, custom=custom, origin=item)
