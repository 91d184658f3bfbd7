"""`Message` → a message of a chat completion request, for a client of this dialect: what a stage
has changed is written anew, with every field that it had beside."""

from collections.abc import Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.openai_chat.write_parts import written_call, written_part
from llm_proxy.pipeline.json_values import is_list
from llm_proxy.pipeline.parts import Part, Reasoning, Refusal, Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import Message

_REASONING_TEXTS = ("reasoning_content", "reasoning")


def write_message(message: Message) -> Mapping[str, Any]:
    """The message; its very origin where nothing has touched it."""
    origin = message.origin
    if origin is not None and not message.touched:
        return origin
    written: dict[str, Any] = dict(origin) if origin else {"role": message.role}
    _keep_reasoning(written, [part for part in message.parts if isinstance(part, Reasoning)])
    if written.get("refusal"):
        del written["refusal"]
    calls = [written_call(part) for part in message.parts if _is_call(part, written)]
    written.pop("tool_calls", None)
    content: list[Part] = []
    for part in message.parts:
        if isinstance(part, ToolResult):
            if written.get("role") != "function":
                written["tool_call_id"] = part.id
            content += part.parts
        elif isinstance(part, Refusal) and part.origin is None:
            written["refusal"] = part.text
        elif not isinstance(part, Reasoning | ToolCall) and not _is_call(part, origin or {}):
            content.append(part)
    written["content"] = _content(content) if content or not calls else None
    if calls:
        written["tool_calls"] = calls
    return written


def _is_call(part: Part, message: Mapping[str, Any]) -> bool:
    """A call, also of a kind that this proxy does not know."""
    old = message.get("tool_calls")
    return isinstance(part, ToolCall) or (
        is_list(old) and any(part.origin is one for one in old if part.origin is not None)
    )


def _keep_reasoning(written: dict[str, Any], parts: Sequence[Reasoning]) -> None:
    """What was thought, and only the state that is still there."""
    if not any(part.text for part in parts):
        for name in _REASONING_TEXTS:
            written.pop(name, None)
    if is_list(written.get("reasoning_details")):
        del written["reasoning_details"]
    if details := reasoning_details(parts):
        written["reasoning_details"] = details


def reasoning_details(parts: Sequence[Reasoning]) -> list[Any]:
    """This dialect's own state among what was thought."""
    blocks = [part.seal.block.get("reasoning_details") for part in parts if part.seal]
    return [detail for block in blocks if is_list(block) for detail in block]


def _content(parts: Sequence[Part]) -> str | list[Mapping[str, Any]]:
    """A plain string where the parts are nothing but text the proxy may join."""
    if all(isinstance(part, Text) and part.origin is None for part in parts):
        return "".join(part.text for part in parts if isinstance(part, Text))
    return [written for part in parts if (written := written_part(part))]
