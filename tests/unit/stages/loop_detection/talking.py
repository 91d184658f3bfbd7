"""Conversations of an agent, for the tests here."""

from collections.abc import Sequence

from llm_proxy.pipeline.events import Event, ToolCallDelta, ToolCallEnd, ToolCallStart
from llm_proxy.pipeline.parts import Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import Message, Tool

TOOLS = (Tool("read"), Tool("write"))

LOOP = "again and " * 100
BEGUN = LOOP[:310]
"""Not yet a loop."""


def done(*calls: tuple[str, str, str]) -> list[Message]:
    """A conversation with these calls: tool, arguments, and what came back."""
    messages = [Message("user", (Text("do it"),))]
    for number, (tool, arguments, result) in enumerate(calls):
        id_ = f"call_{number}"
        messages.append(Message("assistant", (ToolCall(id_, tool, arguments),)))
        messages.append(Message("tool", (ToolResult(id_, (Text(result),)),)))
    return messages


def called(tool: str, arguments: str, index: int = 0) -> Sequence[Event]:
    """The events of a call."""
    begins = ToolCallStart(index, f"new_{index}", tool)
    half = len(arguments) // 2
    pieces = [ToolCallDelta(index, one) for one in (arguments[:half], arguments[half:])]
    return [begins, *pieces, ToolCallEnd(index)]
