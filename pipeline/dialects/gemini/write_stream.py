"""Events → a stream of chunks: as server-sent events, or as the elements of one list."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.gemini.answer_parts import AnswerParts
from llm_proxy.pipeline.dialects.gemini.errors import error_body
from llm_proxy.pipeline.dialects.gemini.formats import STREAM
from llm_proxy.pipeline.dialects.gemini.write_chunk import ChunkHead
from llm_proxy.pipeline.dialects.sse import frame_end, parse_frame
from llm_proxy.pipeline.dialects.untouched import untouched_frame
from llm_proxy.pipeline.events import End, Event, Failure, Finish, KeepAlive, Start, Usage

_NOTHING = b"\n"
"""The one sign of life that clients of this dialect do not stumble over."""

_SILENCE = {"text": ""}
"""What ends an answer, as the vendor ends its own: Google's SDK forgets a turn of the chat, with
what the user said, if one of its chunks has no part."""


class EventWriter:
    """Writes one answer as server-sent events: data and blank lines, and nothing else."""

    def __init__(self) -> None:
        self._parts = AnswerParts()
        self._head: ChunkHead | None = None
        self._finish: Finish | None = None
        self._usage: Usage | None = None

    def write(self, events: Sequence[Event]) -> bytes:
        """The bytes for `events`."""
        written: list[bytes] = []
        position = 0
        while position < len(events):
            event = events[position]
            frame = untouched_frame(events, position, STREAM)
            if frame is None:
                written.append(self._encode(event))
                position += 1
                continue
            written.append(self._relayed(frame.raw))
            for relayed in events[position : position + frame.size]:
                self._note(relayed)
            position += frame.size
        return b"".join(written)

    def _note(self, event: Event) -> None:
        """Keep what later chunks of our own need from a frame that is relayed."""
        if isinstance(event, Start):
            self._head = ChunkHead(event)
        elif isinstance(event, Finish):
            self._finish = None
        elif isinstance(event, Usage):
            self._usage = None  # told already, and the last counts

    def _encode(self, event: Event) -> bytes:  # noqa: PLR0911 - an arm for each kind
        match event:
            case Start():
                self._head = ChunkHead(event)
                return b""
            case Finish():
                self._finish = event
                return b""
            case Usage():
                self._usage = event
                return b""
            case End():
                return self._last() + self._ending()
            case Failure(error):
                return self._data(error_body(error)) + self._ending()
            case KeepAlive():
                return _NOTHING
            case _:
                return b"".join(self._chunk([part]) for part in self._parts.read(event))

    def _last(self) -> bytes:
        """The last chunk of our own, if anything is still to be told."""
        parts = list(self._parts.close())
        if not parts and self._finish is None and self._usage is None:
            return b""
        return self._chunk(parts or [_SILENCE], self._finish, self._usage)

    def _chunk(
        self,
        parts: Sequence[Mapping[str, Any]],
        finish: Finish | None = None,
        usage: Usage | None = None,
    ) -> bytes:
        head = self._head = self._head or ChunkHead()
        return self._data(head.chunk(parts, finish, usage))

    def _data(self, value: Mapping[str, Any]) -> bytes:
        return self._element(orjson.dumps(value))

    def _element(self, json: bytes) -> bytes:
        return b"data: " + json + b"\n\n"

    def _relayed(self, raw: bytes) -> bytes:
        return raw

    def _ending(self) -> bytes:
        return b""


class ArrayWriter(EventWriter):
    """Writes one answer as a list whose elements come one by one."""

    def __init__(self) -> None:
        super().__init__()
        self._opened = False

    def _element(self, json: bytes) -> bytes:
        before, self._opened = b",\r\n" if self._opened else b"[", True
        return before + json

    def _relayed(self, raw: bytes) -> bytes:
        return b"".join(self._element(json) for json in _data_in(raw)) or _NOTHING

    def _ending(self) -> bytes:
        return b"]" if self._opened else b"[]"


def _data_in(raw: bytes) -> Iterator[bytes]:
    """The JSON of the frames in a run of them."""
    position = 0
    while position < len(raw):
        end = frame_end(raw, position)
        data = parse_frame(raw[position:end]).data
        if data and data.strip():
            yield data
        position = end
