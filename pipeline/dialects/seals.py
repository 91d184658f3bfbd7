"""State that only its maker understands, on its way through a client of another dialect.

A client has one field for such state, made for its own vendor's. Another vendor's travels in that
field as a tag: a mark, and the seals as base64 of JSON. It comes back with the history, and whoever
writes the next request sees whose it is.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.json_values import is_list, is_object
from llm_proxy.pipeline.parts import Part, Reasoning, Seal, Text, ToolCall
from llm_proxy.pipeline.request import ChatRequest, Message

MARK = "px1."
"""What a tag begins with."""

FOREIGN = "another vendor's reasoning state"


def tag(seals: Sequence[Seal]) -> str:
    """Seals as a text of the letters `A-Z a-z 0-9 - _ .`."""
    packed = [_packed(seal) for seal in seals]
    return MARK + base64.urlsafe_b64encode(orjson.dumps(packed)).decode().rstrip("=")


def untag(text: object) -> list[Seal] | None:
    """The seals of a tag; None for a vendor's own state. A tag that was damaged holds none."""
    if not isinstance(text, str) or not text.startswith(MARK):
        return None
    coded = text.removeprefix(MARK)
    try:
        packed: Any = orjson.loads(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
    except (ValueError, binascii.Error):
        return []
    return [seal for item in packed if (seal := _unpacked(item))] if is_list(packed) else []


def _packed(seal: Seal) -> dict[str, Any]:
    fields = {"m": seal.maker, "d": seal.dialect, "b": seal.block, "c": seal.call}
    return {name: value for name, value in fields.items() if value is not None}


def _unpacked(item: object) -> Seal | None:
    """Without a maker it is none of ours: who made it would be anybody's guess."""
    fields: Mapping[str, Any] = item if is_object(item) else {}
    maker, dialect, block, call = (fields.get(name) for name in ("m", "d", "b", "c"))
    if not (isinstance(maker, str) and isinstance(dialect, str) and is_object(block)):
        return None
    return Seal(dialect, block, maker, call if isinstance(call, str) else None)


def fits(seal: Seal | None, dialect: str, maker: str) -> bool:
    """Whether the seal may go to this vendor: its own, or one that came in the dialect's own
    field."""
    return seal is not None and seal.dialect == dialect and seal.maker in (None, maker)


def without_foreign_seals(
    request: ChatRequest, dialect: str, maker: str, losses: Losses
) -> ChatRequest:
    """A request whose seals all are this vendor's. Only for a client of the vendor's own dialect,
    in whose history another vendor's state may lie beside it: the text that was thought goes with
    its seal, for in this dialect it is worth nothing without one."""
    if not _has_seals(request):
        return request
    messages: list[Message] = []
    for message in request.messages:
        kept = [part for part in (_cleared(p, dialect, maker) for p in message.parts) if part]
        if _same(kept, message.parts):
            messages.append(message)
            continue
        if any(_is_foreign(part, dialect, maker) for part in message.parts):
            losses.drop(FOREIGN)
        if kept:
            messages.append(message.with_parts(kept))
    return request if _same(messages, request.messages) else replace(request, messages=messages)


def _has_seals(request: ChatRequest) -> bool:
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, Text):
                continue  # most parts of a long history, told by one question
            if isinstance(part, (Reasoning, ToolCall)) and part.seal is not None:
                return True
    return False


def _is_foreign(part: Part, dialect: str, maker: str) -> bool:
    if not isinstance(part, Reasoning | ToolCall) or part.seal is None:
        return False
    return not fits(part.seal, dialect, maker)


def _cleared(part: Part, dialect: str, maker: str) -> Part | None:
    if _is_foreign(part, dialect, maker):
        return replace(part, seal=None, origin=None) if isinstance(part, ToolCall) else None
    if isinstance(part, Reasoning | ToolCall) and part.seal and part.seal.maker:
        return replace(part, origin=None)  # its origin holds the tag and not the seal
    return part


def _same(kept: Sequence[object], all_: Sequence[object]) -> bool:
    return len(kept) == len(all_) and all(new is old for new, old in zip(kept, all_, strict=True))
