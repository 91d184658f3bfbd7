"""Events → a whole message."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson

from llm_proxy.pipeline.dialects.anthropic_messages.formats import WHOLE
from llm_proxy.pipeline.dialects.anthropic_messages.sealed_blocks import (
    redacted_block,
    signature_of,
)
from llm_proxy.pipeline.dialects.anthropic_messages.stop_reasons import written_finish
from llm_proxy.pipeline.dialects.anthropic_messages.usage import written_usage
from llm_proxy.pipeline.dialects.arguments import arguments_object
from llm_proxy.pipeline.dialects.contiguous import Contiguous
from llm_proxy.pipeline.dialects.untouched import untouched_frame
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    Event,
    Finish,
    ReasoningDelta,
    ReasoningState,
    RefusalDelta,
    Start,
    TextDelta,
    TokenCount,
    ToolCallDelta,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Seal


def write_whole(events: Sequence[Event]) -> bytes:
    """A whole answer; the vendor's own bytes where it was one and no stage touched it."""
    frame = untouched_frame(events, 0, WHOLE)
    if frame is not None and frame.size == len(events):
        return frame.raw
    finish = next((event for event in events if isinstance(event, Finish)), None)
    if finish is None:
        raise UpstreamBroken("the backend's answer has no finish")
    start = next((event for event in events if isinstance(event, Start)), None)
    usage = [event for event in events if isinstance(event, Usage)]
    was_refused = any(isinstance(event, RefusalDelta) for event in events)
    message = {
        **message_head(start),
        "content": _Content().of(events),
        **written_finish(finish, was_refused=was_refused),
        "usage": written_usage(usage[-1] if usage else None),
    }
    return orjson.dumps(message)


def write_count(events: Sequence[Event]) -> bytes:
    """The answer to a request that only counts."""
    count = next((event for event in events if isinstance(event, TokenCount)), None)
    if count is None:
        raise UpstreamBroken("the backend has counted nothing")
    return orjson.dumps({"input_tokens": count.input_tokens})


def message_head(start: Start | None) -> dict[str, Any]:
    """What a message begins with; an id of our own where no vendor gave one."""
    id_ = start.id if start else ""
    return {
        "id": id_ or f"msg_{uuid4().hex}",
        "type": "message",
        "role": "assistant",
        "model": start.model if start else "",
    }


@dataclass(slots=True)
class _Block:
    """A block that grows: its pieces are the value of `key`, or a call's arguments."""

    fields: dict[str, Any]
    key: str
    custom: bool = False
    pieces: list[str] = field(default_factory=list[str])

    def written(self) -> dict[str, Any]:
        """The block as it is sent; one without a key does not grow."""
        text = "".join(self.pieces)
        if not self.key:
            return self.fields
        if self.key == "input":
            return {**self.fields, "input": arguments_object(text, custom=self.custom)}
        return {**self.fields, self.key: text}


class _Content:
    """Puts the blocks of one message together."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._is_open = False

    def of(self, events: Sequence[Event]) -> list[dict[str, Any]]:
        """The content of the whole answer."""
        for event in Contiguous()(events):
            self._take(event)
        return [block.written() for block in self._blocks]

    def _take(self, event: Event) -> None:
        match event:
            case TextDelta(text) | RefusalDelta(text) if text:
                self._grow("text", text)
            case ReasoningDelta(text) if text:
                self._grow("thinking", text)
            case ReasoningState(seal):
                self._seal(seal)
            case ToolCallStart():
                fields = {"type": "tool_use", "id": event.id, "name": event.name}
                self._open(_Block(fields, "input", event.custom))
            case ToolCallDelta(_, arguments):
                self._blocks[-1].pieces.append(arguments)
            case _:
                pass

    def _open(self, block: _Block) -> _Block:
        self._blocks.append(block)
        self._is_open = True
        return block

    def _grow(self, kind: str, text: str) -> None:
        if not self._is_open or self._blocks[-1].key != kind:
            signature = {"signature": ""} if kind == "thinking" else {}
            self._open(_Block({"type": kind, kind: "", **signature}, kind))
        self._blocks[-1].pieces.append(text)

    def _seal(self, seal: Seal) -> None:
        if redacted := redacted_block(seal):
            self._open(_Block(dict(redacted), ""))
        elif not self._is_open or self._blocks[-1].key != "thinking":
            self._open(_Block({"type": "thinking", "thinking": ""}, "thinking"))
        if not redacted:
            self._blocks[-1].fields["signature"] = signature_of(seal)
        self._is_open = False
