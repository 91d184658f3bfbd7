"""`Message` → a message of a Messages request, for a client of this dialect: what a stage has
changed is written anew, with every field that it had beside."""

from collections.abc import Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.anthropic_messages.write_blocks import written_blocks
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import Message

Json = Mapping[str, Any]

_ROLES = {"developer": "system", "tool": "user"}


def write_messages(messages: Sequence[Message]) -> tuple[Any, list[Json]]:
    """The field `system`, None if there is nothing for it, and the field `messages`."""
    front = 0
    while front < len(messages) and _is_of_the_field(messages[front]):
        front += 1
    return _system(messages[:front]), [_message(message) for message in messages[front:]]


def _is_of_the_field(message: Message) -> bool:
    """A system turn of the client's has a role in its origin and stays where it stands."""
    is_system = message.role in ("system", "developer")
    return is_system and "role" not in (message.origin or {})


def _system(messages: Sequence[Message]) -> Any:
    if len(messages) == 1:
        message = messages[0]
        if message.origin is not None and not message.touched:
            return message.origin["system"]
        old = (message.origin or {}).get("system", "")
        return _content(message, is_text=isinstance(old, str)) or None
    return [block for message in messages for block in written_blocks(message.parts)] or None


def _message(message: Message) -> Json:
    origin = message.origin
    if origin is not None and not message.touched:
        return origin
    if origin is None:
        role = _ROLES.get(message.role, message.role)
        return {"role": role, "content": _content(message, is_text=True)}
    is_text = isinstance(origin.get("content"), str)
    return {**origin, "content": _content(message, is_text=is_text)}


def _content(message: Message, *, is_text: bool) -> str | list[Json]:
    """A plain string where the client wrote one and there is still no more than one text."""
    parts = message.parts
    if is_text and len(parts) == 1 and isinstance(part := parts[0], Text) and not part.origin:
        return part.text
    return written_blocks(parts)
