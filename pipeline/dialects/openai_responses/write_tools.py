"""`Tool` and `ToolChoice` → their JSON in a request of this dialect."""

from collections.abc import Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.openai_responses.namespaces import name_inside
from llm_proxy.pipeline.json_values import objects_in
from llm_proxy.pipeline.request import Tool, ToolChoice

Json = Mapping[str, Any]

_NO_ARGUMENTS: Json = {"type": "object", "properties": {}}


def written_tools(tools: Sequence[Tool], old: object) -> list[Json]:
    """A client's tools after a stage has changed them, in the groups that `old` had."""
    groups = {
        str(one.get("name")): one for one in objects_in(old) if one.get("type") == "namespace"
    }
    written: list[Json] = []
    inside: dict[str, list[Json]] = {}
    for tool in tools:
        namespace = tool.namespace
        if namespace is None:
            written.append(written_tool(tool))
            continue
        if namespace not in inside:
            inside[namespace] = []
            group = groups.get(namespace, {"type": "namespace", "name": namespace})
            written.append({**group, "tools": inside[namespace]})
        inside[namespace].append(written_tool(tool))
    return written


def written_tool(tool: Tool, *, strict: bool | None = None) -> Json:
    """A tool. `strict` is always said, for what is left unsaid means that schemas are rewritten."""
    if tool.origin is not None:
        return tool.origin
    name = name_inside(tool.namespace, tool.name) if tool.namespace else tool.name
    about = {"description": tool.description} if tool.description else {}
    if tool.custom:
        format_ = {"format": {"type": "grammar", **tool.grammar}} if tool.grammar else {}
        return {"type": "custom", "name": name, **about, **format_}
    return {
        "type": "function",
        "name": name,
        **about,
        "parameters": tool.parameters or _NO_ARGUMENTS,
        "strict": bool(tool.strict) if strict is None else strict,
    }


def written_choice(choice: ToolChoice, tools: Sequence[Tool]) -> str | Json:
    """The choice: a mode, one tool, or a list of those allowed."""
    if not choice.names:
        return choice.mode
    chosen = [_chosen(name, tools) for name in choice.names]
    if choice.mode == "required" and len(chosen) == 1:
        return chosen[0]
    return {"type": "allowed_tools", "mode": choice.mode, "tools": chosen}


def _chosen(name: str, tools: Sequence[Tool]) -> Json:
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        return {"type": "function", "name": name}
    if tool.hosted:
        return {"type": name}
    named = name_inside(tool.namespace, name) if tool.namespace else name
    return {"type": "custom" if tool.custom else "function", "name": named}
