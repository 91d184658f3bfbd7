"""The content blocks of an answer → events, whole or piece by piece."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson

from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    Event,
    Frame,
    Opaque,
    ReasoningDelta,
    ReasoningState,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from llm_proxy.pipeline.json_values import is_object
from llm_proxy.pipeline.parts import Seal

Json = Mapping[str, Any]


@dataclass(slots=True)
class _Block:
    """A block so far: as it was opened, and what has been thought or called since."""

    opened: Json
    kind: str
    call: int = 0
    has_arguments: bool = False
    thought: list[str] = field(default_factory=list[str])


class AnswerBlocks:
    """The blocks of one answer. Other vendors' clients miss what is not known here, so its kind is
    told with it."""

    def __init__(self, maker: str) -> None:
        self._maker = maker
        self._open: dict[object, _Block] = {}
        self._calls = 0

    @property
    def has_calls(self) -> bool:
        """Whether a tool was called."""
        return self._calls > 0

    def whole(self, content: Json, frame: Frame) -> list[Event]:
        """The events of a block that is there in full."""
        events = self.start(0, content, frame)
        if content.get("type") == "text" and content.get("citations"):
            events.append(Opaque(frame, "citations"))
        return [*events, *self.stop(0, frame)]

    def start(self, index: object, content: Json, frame: Frame) -> list[Event]:
        """The events of a block that opens, with what it holds from the beginning."""
        kind = str(content.get("type") or "")
        block = _Block(content, kind)
        self._open[index] = block
        match kind:
            case "text":
                return _text(content.get("text"), frame)
            case "thinking":
                thought = self._thought(block, content.get("thinking"), frame)
                return [*thought, *self._signed(block, content.get("signature"), frame)]
            case "redacted_thinking":
                return [ReasoningState(Seal(NAME, content, self._maker), frame)]
            case "tool_use":
                block.call = self._calls
                self._calls += 1
                id_ = str(content.get("id") or f"toolu_{uuid4().hex[:24]}")
                return [ToolCallStart(block.call, id_, str(content.get("name") or ""), frame)]
            case _:
                return [Opaque(frame, kind)]

    def delta(self, index: object, delta: Json, frame: Frame) -> list[Event]:
        """The events of a piece of a block."""
        block = self._open.get(index)
        match delta.get("type"):
            case "text_delta":
                return _text(delta.get("text"), frame)
            case "thinking_delta":
                return self._thought(block, delta.get("thinking"), frame)
            case "signature_delta" if block and block.kind == "thinking":
                return self._signed(block, delta.get("signature"), frame)
            case "input_json_delta" if block and block.kind == "tool_use":
                return _arguments(block, delta.get("partial_json"), frame)
            case "citations_delta":
                return [Opaque(frame, "citations")]
            case _:
                return []

    def stop(self, index: object, frame: Frame | None) -> list[Event]:
        """The events of a block's end."""
        block = self._open.pop(index, None)
        if block is None or block.kind != "tool_use":
            return []
        events: list[Event] = []
        given = block.opened.get("input")
        if is_object(given) and given and not block.has_arguments:
            events.append(ToolCallDelta(block.call, _input_text(given), frame))
        return [*events, ToolCallEnd(block.call, frame)]

    def stop_all(self, frame: Frame | None) -> list[Event]:
        """The ends of the blocks that a server has left open."""
        return [event for index in list(self._open) for event in self.stop(index, frame)]

    def _thought(self, block: _Block | None, text: object, frame: Frame) -> list[Event]:
        if not isinstance(text, str) or not text:
            return []
        if block is not None:
            block.thought.append(text)
        return [ReasoningDelta(text, frame)]

    def _signed(self, block: _Block, signature: object, frame: Frame) -> list[Event]:
        """The block as it goes back with the next turn; it is whole once it is signed."""
        if not isinstance(signature, str) or not signature:
            return []
        thinking = "".join(block.thought)
        signed = {**block.opened, "thinking": thinking, "signature": signature}
        return [ReasoningState(Seal(NAME, signed, self._maker), frame)]


def _arguments(block: _Block, piece: object, frame: Frame) -> list[Event]:
    if not isinstance(piece, str) or not piece:
        return []
    block.has_arguments = True
    return [ToolCallDelta(block.call, piece, frame)]


def _text(text: object, frame: Frame) -> list[Event]:
    return [TextDelta(text, frame)] if isinstance(text, str) and text else []


def _input_text(given: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(given).decode()
    except orjson.JSONEncodeError as error:
        raise UpstreamBroken(f"the backend sent a call that cannot be read: {error}") from error
