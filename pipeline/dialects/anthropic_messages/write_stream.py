"""Events → a streamed message."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.anthropic_messages.errors import error_body
from llm_proxy.pipeline.dialects.anthropic_messages.formats import STREAM
from llm_proxy.pipeline.dialects.anthropic_messages.own_blocks import OwnBlocks, sse
from llm_proxy.pipeline.dialects.anthropic_messages.relayed_frames import Relayed, renumbered
from llm_proxy.pipeline.dialects.anthropic_messages.sealed_blocks import (
    redacted_block,
    signature_of,
)
from llm_proxy.pipeline.dialects.anthropic_messages.stop_reasons import written_finish
from llm_proxy.pipeline.dialects.anthropic_messages.usage import written_usage
from llm_proxy.pipeline.dialects.anthropic_messages.write_whole import message_head
from llm_proxy.pipeline.dialects.arguments import CUSTOM_INPUT
from llm_proxy.pipeline.dialects.contiguous import Contiguous
from llm_proxy.pipeline.dialects.untouched import untouched_frame
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    Frame,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    ReasoningState,
    RefusalDelta,
    Start,
    TextDelta,
    TokenCount,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Seal

_PIECES = (TextDelta, ReasoningDelta, ToolCallDelta)

_CUSTOM_OPEN, _CUSTOM_CLOSE = f'{{"{CUSTOM_INPUT}":"', '"}'
"""Around the free text of a call, whose pieces are escaped as they come."""


class MessageWriter:
    """Writes one message. What the vendor sent goes on as it came, among blocks of our own under
    another number where need be."""

    def __init__(self) -> None:
        self._order = Contiguous()
        self._blocks = OwnBlocks()
        self._start: Start | None = None
        self._usage: Usage | None = None
        self._finish: Finish | None = None
        self._begun = False
        self._was_refused = False
        self._custom = False

    def write(self, events: Sequence[Event]) -> bytes:
        written: list[bytes] = []
        position = 0
        while position < len(events):
            frame = untouched_frame(events, position, STREAM)
            size = frame.size if frame else 1
            some = events[position : position + size]
            position += size
            written.append(self._relay(frame, some) if frame else self._anew(some))
        return b"".join(written)

    def _anew(self, events: Sequence[Event]) -> bytes:
        """Events that are not relayed; without a frame they are known for that where they wait."""
        own = [event if event.frame is None else replace(event, frame=None) for event in events]
        return b"".join([self._encode(event) for event in self._order(own)])

    def _relay(self, frame: Frame, events: Sequence[Event]) -> bytes:
        """The vendor's frame, if it still has its place in what was written."""
        first = events[0]
        if isinstance(first, KeepAlive):
            return frame.raw
        is_mixed = self._blocks.are_mixed
        in_theirs = self._blocks.theirs is not None and not is_mixed
        if in_theirs and self._begun and isinstance(first, _PIECES):
            return frame.raw
        ordered = list(self._order(events))
        if is_mixed and not _begins_with(ordered, events):
            return b"".join([self._encode(event) for event in ordered])
        written = self._relay_frame(frame, Relayed.of(frame.raw), events)
        behind = ordered[len(events) :] if is_mixed else [e for e in ordered if e.frame is None]
        return b"".join([written, *(self._encode(event) for event in behind)])

    def _relay_frame(self, frame: Frame, told: Relayed, events: Sequence[Event]) -> bytes:
        for event in events:
            if isinstance(event, Start):
                self._start = event
            elif isinstance(event, Usage):
                self._usage = event
        match told.type:
            case "message_start":
                self._begun = True
                return frame.raw
            case "content_block_start":
                return self._relay_start(frame.raw, told)
            case "content_block_delta" | "content_block_stop":
                return self._relay_piece(frame.raw, told, events)
            case "message_delta":
                return self._begin() + self._close_ours() + frame.raw
            case "message_stop":
                return self._last_words() + frame.raw
            case _:
                return frame.raw

    def _relay_start(self, raw: bytes, told: Relayed) -> bytes:
        before = self._begin() + self._close_ours()
        self._blocks.enter_theirs(told.kind, told.index)
        return before + renumbered(raw, told.index, self._blocks.index)

    def _relay_piece(self, raw: bytes, told: Relayed, events: Sequence[Event]) -> bytes:
        """A piece or the end of a block; anew where we have closed that block, or opened another
        in its place, or a stage has taken its beginning away."""
        blocks = self._blocks
        is_lost = (
            blocks.theirs != told.index if blocks.are_mixed else told.index not in blocks.begun
        )
        if is_lost:
            blocks.are_mixed = True
            return b"".join([self._encode(event) for event in events])
        before, number = self._begin(), blocks.index if blocks.are_mixed else told.index
        if told.type == "content_block_stop" and blocks.theirs == told.index:
            blocks.leave()
        return before + renumbered(raw, told.index, number)

    def _close_ours(self) -> bytes:
        """What a vendor leaves open or overlapping is none of our business."""
        return self._blocks.close() if self._blocks.are_mixed else b""

    def _encode(self, event: Event) -> bytes:  # noqa: C901, PLR0911, PLR0912 - an arm for each kind
        match event:
            case Start():
                self._start = event
                return b""
            case TextDelta(text):
                return self._text(text)
            case RefusalDelta(text):
                self._was_refused = True
                return self._text(text)
            case ReasoningDelta(text):
                return self._thought(text)
            case ReasoningState(seal):
                return self._sealed(seal)
            case ToolCallStart():
                return self._open_call(event)
            case ToolCallDelta(_, arguments):
                return self._arguments(arguments)
            case ToolCallEnd():
                return self._close_call()
            case Usage():
                self._usage = event
                return b""
            case Finish():
                self._finish = event
                return self._begin() + self._blocks.close()
            case End():
                return self._last_words() + sse("message_stop", {})
            case Failure(error):
                return b"event: error\ndata: " + orjson.dumps(error_body(error)) + b"\n\n"
            case KeepAlive():
                return sse("ping", {})
            case Opaque() | TokenCount():
                return b""

    def _begin(self) -> bytes:
        """The message's start, held back until there is something to say."""
        if self._begun:
            return b""
        self._begun = True
        message: dict[str, Any] = {
            **message_head(self._start),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": written_usage(self._usage),
        }
        return sse("message_start", {"message": message})

    def _text(self, text: str) -> bytes:
        if not text:
            return b""
        opened = self._begin() + self._blocks.needs("text", {"text": ""})
        return opened + self._blocks.delta("text_delta", "text", text)

    def _thought(self, text: str) -> bytes:
        if not text:
            return b""
        return self._open_thought() + self._blocks.delta("thinking_delta", "thinking", text)

    def _open_thought(self) -> bytes:
        return self._begin() + self._blocks.needs("thinking", {"thinking": "", "signature": ""})

    def _sealed(self, seal: Seal) -> bytes:
        """The signature of the open thought, or of one without words; with it the thought ends."""
        if redacted := redacted_block(seal):
            opened = self._begin() + self._blocks.open("redacted_thinking", redacted)
            return opened + self._blocks.close()
        opened = self._open_thought()
        signed = self._blocks.delta("signature_delta", "signature", signature_of(seal))
        return opened + signed + self._blocks.close()

    def _open_call(self, start: ToolCallStart) -> bytes:
        fields: dict[str, Any] = {"id": start.id, "name": start.name, "input": {}}
        opened = self._begin() + self._blocks.open("tool_use", fields)
        self._custom = start.custom
        return opened + (self._piece(_CUSTOM_OPEN) if start.custom else b"")

    def _arguments(self, arguments: str) -> bytes:
        if not arguments or self._blocks.kind != "tool_use":
            return b""
        if self._custom:
            arguments = orjson.dumps(arguments).decode()[1:-1]
        return self._piece(arguments)

    def _close_call(self) -> bytes:
        if self._blocks.kind != "tool_use":
            return b""
        end = self._piece(_CUSTOM_CLOSE) if self._custom else b""
        self._custom = False
        return end + self._blocks.close()

    def _piece(self, text: str) -> bytes:
        return self._blocks.delta("input_json_delta", "partial_json", text)

    def _last_words(self) -> bytes:
        """The reason, and the counts: they come last, for a vendor may tell them late."""
        closed = self._begin() + self._close_ours()
        if self._finish is None:
            return closed
        delta = written_finish(self._finish, was_refused=self._was_refused)
        self._finish = None
        usage = written_usage(self._usage)
        return closed + sse("message_delta", {"delta": delta, "usage": usage})


def _begins_with(ordered: Sequence[Event], events: Sequence[Event]) -> bool:
    return len(ordered) >= len(events) and all(
        one is other for one, other in zip(ordered, events, strict=False)
    )
