"""A vendor's streamed message → events."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.anthropic_messages.answer_blocks import AnswerBlocks
from llm_proxy.pipeline.dialects.anthropic_messages.formats import STREAM
from llm_proxy.pipeline.dialects.anthropic_messages.read_answer import read_start
from llm_proxy.pipeline.dialects.anthropic_messages.stop_reasons import read_finish
from llm_proxy.pipeline.dialects.anthropic_messages.usage import Counts
from llm_proxy.pipeline.dialects.frame_reader import CUT_SHORT, FrameReader, json_object
from llm_proxy.pipeline.dialects.read_error import reported_error
from llm_proxy.pipeline.dialects.sse import SseFrame, parse_frame
from llm_proxy.pipeline.dialects.text_runs import TextAt
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Frame,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    TextDelta,
)
from llm_proxy.pipeline.json_values import is_object, object_or_empty

_Reads = Callable[[Mapping[str, Any], Frame], list[Event]]

_BOM = b"\xef\xbb\xbf"


class MessageReader(FrameReader):
    """Reads the events of one streamed message."""

    format = STREAM
    keys = (b'"text":"', b'"text": "')

    def __init__(self, maker: str = "") -> None:
        super().__init__()
        self._blocks = AnswerBlocks(maker)
        self._counts = Counts()
        self._started = False
        self._finished = False
        self._by_kind: dict[str, _Reads] = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": self._block_stop,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
            "ping": self._ping,
            "error": self._error,
        }

    @property
    def text_at(self) -> TextAt:
        return _text_at

    def read_frame(self, raw: bytes) -> list[Event]:
        """A frame without a name gets its own, or the SDK passes it over in silence."""
        if raw.startswith(b"event:"):
            return super().read_frame(raw)
        frame = parse_frame(raw)
        if frame.data is None or frame.event or frame.data.strip() in (b"", b"[DONE]"):
            return super().read_frame(raw)
        kind = json_object(frame.data).get("type")
        if isinstance(kind, str) and kind.isidentifier():
            raw = b"event: " + kind.encode() + b"\n" + raw.removeprefix(_BOM)
        return super().read_frame(raw)

    def events_of(self, frame: SseFrame, data: bytes, shared: Frame) -> Sequence[Event]:
        if data.strip() == b"[DONE]":  # of servers whose other dialect ends so
            return [KeepAlive()]
        fields = json_object(data)
        if "error" in fields and (error := reported_error(fields)):
            return [Failure(error)]
        kind = fields.get("type") or frame.event
        reads = self._by_kind.get(kind) if isinstance(kind, str) else None
        return reads(fields, shared) if reads else []

    @staticmethod
    def _ping(_fields: Mapping[str, Any], frame: Frame) -> list[Event]:
        return [KeepAlive(frame)]

    @staticmethod
    def _error(_fields: Mapping[str, Any], _frame: Frame) -> list[Event]:
        return [Failure(UpstreamBroken("the backend reported an error in its answer"))]

    def _block_start(self, fields: Mapping[str, Any], frame: Frame) -> list[Event]:
        content = object_or_empty(fields.get("content_block"))
        events = self._blocks.start(_index(fields), content, frame)
        is_text = bool(events) and isinstance(events[0], TextDelta | ReasoningDelta)
        # A writer looks only into frames that begin with no text.
        return [Opaque(frame), *events] if is_text else events

    def _block_delta(self, fields: Mapping[str, Any], frame: Frame) -> list[Event]:
        return self._blocks.delta(_index(fields), object_or_empty(fields.get("delta")), frame)

    def _block_stop(self, fields: Mapping[str, Any], frame: Frame) -> list[Event]:
        return self._blocks.stop(_index(fields), frame)

    def _message_start(self, fields: Mapping[str, Any], frame: Frame) -> list[Event]:
        if self._started:
            return []
        self._started = True
        message = object_or_empty(fields.get("message"))
        return [read_start(message, frame), *self._counts.read(message.get("usage"), frame)]

    def _message_delta(self, fields: Mapping[str, Any], frame: Frame) -> list[Event]:
        events: list[Event] = [*self._counts.read(fields.get("usage"), frame)]
        delta = object_or_empty(fields.get("delta"))
        if not delta.get("stop_reason") or self._finished:
            return events
        self._finished = True
        ends = self._blocks.stop_all(frame)
        finish = read_finish(delta, frame, has_calls=self._blocks.has_calls)
        return [*ends, *events, finish]

    def _message_stop(self, _fields: Mapping[str, Any], frame: Frame) -> list[Event]:
        if not self._started:
            raise UpstreamBroken("the backend's answer is empty")
        if self._finished:
            return [End(frame)]
        ends = self._blocks.stop_all(frame)
        return [*ends, read_finish({}, frame, has_calls=self._blocks.has_calls), End(frame)]

    def at_end_of_body(self) -> Sequence[Event]:
        """After the reason for its stop a message misses nothing but a goodbye."""
        if not self._finished:
            raise UpstreamBroken(CUT_SHORT)
        return [End()]


def _index(fields: Mapping[str, Any]) -> int | None:
    """The block's number; None for anything else a server may write there."""
    index = fields.get("index")
    return index if isinstance(index, int) else None


def _text_at(parsed: Any) -> tuple[dict[str, Any], str] | None:
    """Where the text stands in a frame that is a piece of text and nothing else."""
    if not is_object(parsed) or parsed.get("type") != "content_block_delta":
        return None
    delta = parsed.get("delta")
    if not is_object(delta) or delta.get("type") != "text_delta" or "error" in parsed:
        return None
    return (delta, "text") if isinstance(delta.get("text"), str) else None
