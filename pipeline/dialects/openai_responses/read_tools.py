"""`tools` and `tool_choice` → `Tool` and `ToolChoice`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from llm_proxy.pipeline.dialects.openai_responses.namespaces import full_name, name_inside
from llm_proxy.pipeline.dialects.request_fields import list_at, object_at
from llm_proxy.pipeline.json_values import is_object, object_or_empty, objects_in
from llm_proxy.pipeline.request import Tool, ToolChoice


def read_tools(value: object) -> tuple[Tool, ...]:
    """The tools, those in groups among the others. Raises `BadRequest`."""
    raw = [] if value is None else list_at(value, "tools")
    return tuple(tool for n, one in enumerate(raw) for tool in _tools(one, f"tools[{n}]"))


def _tools(raw: object, where: str) -> Iterator[Tool]:
    tool = object_at(raw, where)
    if tool.get("type") != "namespace" or not tool.get("tools"):
        yield _tool(tool, where, None)
        return
    namespace = str(tool.get("name") or "")
    for n, inner in enumerate(list_at(tool["tools"], f"{where}.tools")):
        place = f"{where}.tools[{n}]"
        yield _tool(object_at(inner, place), place, namespace)


def _tool(tool: Mapping[str, Any], where: str, namespace: str | None) -> Tool:
    kind = str(tool.get("type") or "function")
    name = full_name(namespace, str(tool.get("name") or ""))
    described = str(tool.get("description") or "")
    if kind == "custom":
        grammar = _grammar(object_or_empty(tool.get("format")))
        return Tool(
            name,
            description=described,
            custom=True,
            grammar=grammar,
            namespace=namespace,
            origin=tool,
        )
    if kind != "function":
        return Tool(kind, hosted=True, namespace=namespace, origin=tool)
    strict = tool.get("strict")
    return Tool(
        name,
        object_at(tool.get("parameters") or {}, f"{where}.parameters"),
        described,
        strict if isinstance(strict, bool) else None,
        namespace=namespace,
        origin=tool,
    )


def _grammar(format_: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if format_.get("type") != "grammar":
        return None
    return {name: format_[name] for name in ("syntax", "definition") if name in format_}


def read_choice(value: object, tools: Sequence[Tool]) -> ToolChoice | None:
    """The choice; None where there is none, or of a kind that this proxy does not know."""
    if value in ("auto", "none", "required"):
        return ToolChoice(cast("Any", value))
    if not is_object(value):
        return None
    if value.get("type") == "allowed_tools":
        names = [_name(tool, tools) for tool in objects_in(value.get("tools"))]
        known = tuple(name for name in names if name)
        return ToolChoice("required" if value.get("mode") == "required" else "auto", known)
    name = _name(value, tools)
    return ToolChoice("required", (name,)) if name else None


def _name(choice: Mapping[str, Any], tools: Sequence[Tool]) -> str:
    """The name of the tool that is meant, by which it stands among the tools."""
    kind, name = str(choice.get("type") or ""), str(choice.get("name") or "")
    if kind not in ("function", "custom"):
        hosted = (tool.name for tool in tools if tool.hosted)
        return next((one for one in hosted if kind.startswith(one)), kind)
    name = full_name(choice.get("namespace"), name)
    if any(tool.name == name for tool in tools):
        return name
    inside = (tool for tool in tools if tool.namespace)
    grouped = (tool.name for tool in inside if name_inside(tool.namespace or "", tool.name) == name)
    return next(grouped, name)
