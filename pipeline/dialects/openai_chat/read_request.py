"""A chat completion request → `ChatRequest`."""

from collections.abc import Mapping
from typing import Any, cast

from llm_proxy.pipeline.dialects.openai_chat.formats import NAME
from llm_proxy.pipeline.dialects.openai_chat.read_message import read_message
from llm_proxy.pipeline.dialects.request_fields import (
    check_numbers,
    flag,
    list_at,
    model_name,
    object_at,
    parsed_body,
    text_at,
)
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.json_values import is_list, is_object, object_or_empty, objects_in
from llm_proxy.pipeline.params import ALIASES, STRUCTURE
from llm_proxy.pipeline.request import ChatRequest, Message, Source, Tool, ToolChoice

_NUMBERS = ("temperature", "top_p", "presence_penalty", "frequency_penalty")
_INTEGERS = ("max_tokens", "max_completion_tokens", "n", "seed")


def read_request(body: bytes) -> ChatRequest:
    """Checks the shape that the proxy itself relies on; the rest is for the vendor to judge."""
    fields = parsed_body(body)
    model = model_name(fields.get("model"))
    messages = _messages(fields.get("messages"))
    stream = flag(fields, "stream")
    check_numbers(fields, _NUMBERS, _INTEGERS)
    params = _params(fields)
    tools, tool_choice = _tools(fields.get("tools")), _tool_choice(fields.get("tool_choice"))
    wants_usage = not stream or _wants_usage(fields)
    source = Source(NAME, body, fields, messages, params, tools, tool_choice)
    # By position: a value made by its fields' names costs twice as much.
    return ChatRequest(
        model, messages, stream, wants_usage, False, params, tools, tool_choice, source
    )


def _params(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The settings. What compatible servers and gateways call otherwise is found by its own
    name."""
    params = {key: value for key, value in fields.items() if key not in STRUCTURE}
    for alias, name in ALIASES.items():
        if alias in params:  # the newer spelling wins where both are there
            params[name] = params.pop(alias)
    if (stop := params.get("stop")) is not None:
        stops = [stop] if isinstance(stop, str) else list_at(stop, "stop")
        params["stop"] = [text_at(one, f"stop[{n}]") for n, one in enumerate(stops)]
    return params


def _wants_usage(fields: Mapping[str, Any]) -> bool:
    options = fields.get("stream_options")
    if options is None:
        return False
    return bool(object_at(options, "stream_options").get("include_usage"))


def _messages(value: object) -> tuple[Message, ...]:
    raw = list_at(value, "messages")
    if not raw:
        raise BadRequest("messages must not be empty", param="messages")
    return tuple([read_message(message, index) for index, message in enumerate(raw)])


def _tools(value: object) -> tuple[Tool, ...]:
    if value is None:
        return ()
    raw = list_at(value, "tools")
    return tuple(_tool(tool, index) for index, tool in enumerate(raw))


def _tool(raw: object, index: int) -> Tool:
    where = f"tools[{index}]"
    tool = object_at(raw, where)
    kind = str(tool.get("type", "function"))
    fields = object_at(tool.get(kind) or {}, f"{where}.{kind}")
    name, description = str(fields.get("name") or ""), str(fields.get("description") or "")
    if kind == "custom":
        grammar = _grammar(object_or_empty(fields.get("format")))
        return Tool(name, description=description, custom=True, grammar=grammar, origin=tool)
    if kind != "function":
        return Tool(name or kind, hosted=True, origin=tool)
    strict = fields.get("strict")
    return Tool(
        name,
        object_at(fields.get("parameters") or {}, f"{where}.function.parameters"),
        description,
        strict if isinstance(strict, bool) else None,
        origin=tool,
    )


def _grammar(format_: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """`{"syntax", "definition"}`, which this dialect puts one level deeper than others."""
    grammar = format_.get("grammar")
    return grammar if is_object(grammar) else None


def _tool_choice(value: object) -> ToolChoice | None:
    if value is None:
        return None
    if value in ("auto", "none", "required"):
        return ToolChoice(cast("Any", value))
    if not is_object(value):
        return None
    kind = str(value.get("type"))
    fields = object_or_empty(value.get(kind))
    if kind == "allowed_tools":
        allowed = objects_in(fields.get("tools")) if is_list(fields.get("tools")) else []
        names = [_name_in(tool) for tool in allowed]
        found = tuple(name for name in names if name)
        return ToolChoice("required" if fields.get("mode") == "required" else "auto", found)
    name = _name_in(value)
    return ToolChoice("required", (name,)) if name else None


def _name_in(tool: Mapping[str, Any]) -> str:
    return str(object_or_empty(tool.get(str(tool.get("type")))).get("name") or "")
