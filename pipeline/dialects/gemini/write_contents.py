"""`Message`s → `systemInstruction` and `contents`, for a client of this dialect: what a stage has
changed is written anew, with every field that it had beside."""

from collections.abc import Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.gemini.signatures import FIELD, PLACEHOLDER, signature_of
from llm_proxy.pipeline.dialects.gemini.wire_names import Fields, get
from llm_proxy.pipeline.dialects.gemini.write_parts import texts, written_parts
from llm_proxy.pipeline.json_values import is_object, objects_in
from llm_proxy.pipeline.request import Message

Content = Mapping[str, Any]

_SYSTEM = ("system", "developer")


def written_messages(messages: Sequence[Message]) -> tuple[Content | None, list[Content]]:
    """The system instruction, if there is one, and the contents."""
    rest = list(messages)
    system: list[Message] = []
    while rest and rest[0].role in _SYSTEM:
        system.append(rest.pop(0))
    contents = [content for message in rest if (content := _content(message)) is not None]
    return _instruction(system), contents


def _instruction(messages: Sequence[Message]) -> Content | None:
    if len(messages) == 1 and messages[0].origin is not None and not messages[0].touched:
        return messages[0].origin
    parts = [part for message in messages for part in written_parts(message.parts)]
    origin = next((m.origin for m in messages if m.origin is not None), None)
    return {**(origin or {}), "parts": parts} if parts else None


def _content(message: Message) -> Content | None:
    """A turn; None where nothing of it is left."""
    if message.origin is not None and not message.touched:
        return message.origin
    is_system = message.role in _SYSTEM
    parts = texts(message.parts) if is_system else written_parts(message.parts)
    if not parts:
        return None
    role = {} if message.origin else {"role": "model" if message.role == "assistant" else "user"}
    return {**(message.origin or {}), **role, "parts": parts}


def with_placeholders(contents: Sequence[Content]) -> list[Content]:
    """The contents with a placeholder on the first call of each step since the user's last word,
    where there is no signature: the vendor refuses a call without one."""
    written = list(contents)
    for position in range(len(written) - 1, -1, -1):
        content = written[position]
        parts = objects_in(content.get("parts"))
        if content.get("role") != "model":
            if parts and not any(is_object(get(part, "functionResponse")) for part in parts):
                break
            continue
        first = next((n for n, part in enumerate(parts) if _is_call(part)), None)
        if first is not None and not signature_of(parts[first]):
            signed = {**parts[first], FIELD: PLACEHOLDER}
            written[position] = {**content, "parts": [*parts[:first], signed, *parts[first + 1 :]]}
    return written


def _is_call(part: Fields) -> bool:
    return is_object(get(part, "functionCall"))
