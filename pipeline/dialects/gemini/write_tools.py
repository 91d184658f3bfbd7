"""`Tool`s and `ToolChoice` → `tools` and `functionCallingConfig`."""

from collections.abc import Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.gemini.json_schema import cleaned
from llm_proxy.pipeline.dialects.gemini.read_tools import DECLARATIONS
from llm_proxy.pipeline.request import Tool, ToolChoice

_SAYS_NOTHING = frozenset(
    {"$comment", "$schema", "additionalProperties", "description", "properties", "required"}
    | {"title", "type"}
)
"""Keywords that allow no argument by themselves."""


def written_tools(tools: Sequence[Tool]) -> list[Mapping[str, Any]]:
    """All functions as one item, and each tool of the vendor's as one."""
    functions = [_declaration(tool) for tool in tools if not tool.hosted]
    hosted = [tool.origin or {tool.name: {}} for tool in tools if tool.hosted]
    return [{DECLARATIONS: functions}, *hosted] if functions else hosted


def _declaration(tool: Tool) -> Mapping[str, Any]:
    if tool.origin is not None:
        return tool.origin
    written: dict[str, Any] = {"name": tool.name}
    if tool.description:
        written["description"] = tool.description
    if has_parameters(tool.parameters):
        written["parametersJsonSchema"] = cleaned(tool.parameters)
    return written


def has_parameters(schema: Mapping[str, Any]) -> bool:
    """Whether a schema allows any argument: the vendor refuses an object without properties."""
    if schema.get("properties") or schema.get("additionalProperties"):
        return True
    return bool(set(schema) - _SAYS_NOTHING)


def written_choice(choice: ToolChoice) -> dict[str, Any]:
    """The choice; names go only with modes that keep to them."""
    mode = {"auto": "AUTO", "none": "NONE", "required": "ANY"}[choice.mode]
    if not choice.names or choice.mode == "none":
        return {"mode": mode}
    mode = "VALIDATED" if choice.mode == "auto" else mode
    return {"mode": mode, "allowedFunctionNames": list(choice.names)}
