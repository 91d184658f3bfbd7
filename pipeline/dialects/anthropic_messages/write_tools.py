"""`Tool` and `ToolChoice` → their JSON in a Messages request."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.anthropic_messages.write_blocks import cache_control
from llm_proxy.pipeline.request import Tool, ToolChoice

_TYPES = {"auto": "auto", "required": "any", "none": "none"}


def written_tool(tool: Tool) -> Mapping[str, Any]:
    """The tool; a schema is due also where there are no arguments."""
    if tool.origin is not None:
        return tool.origin
    written: dict[str, Any] = {"name": tool.name}
    if tool.description:
        written["description"] = tool.description
    written["input_schema"] = {"type": "object", **(tool.parameters or {"properties": {}})}
    if tool.cache:
        written["cache_control"] = cache_control(tool.cache)
    return written


def written_choice(choice: ToolChoice | None, *, parallel: object) -> dict[str, Any] | None:
    """The choice: a mode or one tool; `parallel` is False where only one may be called at a time,
    which can only be said beside a choice."""
    one_by_one = parallel is False
    if choice is None:
        return {"type": "auto", "disable_parallel_tool_use": True} if one_by_one else None
    if choice.mode == "none":
        return {"type": "none"}
    written: dict[str, Any] = {"type": _TYPES[choice.mode]}
    if choice.mode == "required" and len(choice.names) == 1:
        written = {"type": "tool", "name": choice.names[0]}
    if one_by_one:
        written["disable_parallel_tool_use"] = True
    return written
