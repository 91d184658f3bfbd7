"""`Tool` and `ToolChoice` → their JSON in a chat completion request."""

from collections.abc import Collection, Mapping
from typing import Any

from llm_proxy.pipeline.request import Tool, ToolChoice


def written_tool(tool: Tool, *, strict: bool = True) -> Mapping[str, Any]:
    """The tool; `strict` says whether the vendor takes that field."""
    if tool.origin is not None:
        return tool.origin
    about = {"description": tool.description} if tool.description else {}
    if tool.custom:
        format_ = {"format": {"type": "grammar", "grammar": tool.grammar}} if tool.grammar else {}
        return {"type": "custom", "custom": {"name": tool.name, **about, **format_}}
    function: dict[str, Any] = {"name": tool.name, **about, "parameters": tool.parameters}
    if strict and tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def written_choice(choice: ToolChoice, customs: Collection[str] = ()) -> str | Mapping[str, Any]:
    """The choice: a mode, one tool, or a list of those allowed; `customs` are the names of those
    that take free text."""
    if not choice.names:
        return choice.mode
    kinds = [(name, "custom" if name in customs else "function") for name in choice.names]
    allowed = [{"type": kind, kind: {"name": name}} for name, kind in kinds]
    if choice.mode == "required" and len(allowed) == 1:
        return allowed[0]
    return {"type": "allowed_tools", "allowed_tools": {"mode": choice.mode, "tools": allowed}}
