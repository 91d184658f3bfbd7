"""A vendor's answer, whole or streamed → events."""

from collections.abc import Mapping
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.gemini.formats import STREAM, WHOLE
from llm_proxy.pipeline.dialects.gemini.json_stream import JsonSplitter
from llm_proxy.pipeline.dialects.gemini.read_chunk import (
    Chunks,
    candidate_in,
    parts_in,
    reason_in,
)
from llm_proxy.pipeline.dialects.sse import SseSplitter, frame_end, parse_frame
from llm_proxy.pipeline.dialects.text_runs import TextRuns
from llm_proxy.pipeline.errors import ProxyError, UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    Frame,
    KeepAlive,
    Opaque,
    TextDelta,
    Usage,
)
from llm_proxy.pipeline.json_values import is_list, is_object, objects_in

_DATA = b"data: "
_LINE_ENDS = (b"\n\n", b"\r\n\r\n")
_LINE_END = bytes.maketrans(b"\r\n", b"  ")


def read_whole(body: bytes, maker: str = "") -> list[Event]:
    """The events of a whole answer, all of them sharing its bytes. A list of chunks is one, too:
    that is how a stream looks that was not asked for as events."""
    try:
        parsed: Any = orjson.loads(body)
    except ValueError:
        raise UpstreamBroken("the backend's answer is not valid JSON") from None
    frame = Frame(body, 0, WHOLE) if is_object(parsed) else None
    answers = objects_in(parsed) if is_list(parsed) else objects_in([parsed])
    if not answers:
        raise UpstreamBroken("the backend's answer is not a JSON object")
    chunks = Chunks(maker)
    with_content = [n for n, answer in enumerate(answers) if candidate_in(answer)]
    events: list[Event] = []
    for position, answer in enumerate(answers):
        is_last = not with_content or position >= with_content[-1]
        events += chunks.read(answer, frame, is_last=is_last)
    if not chunks.finished:
        if not with_content:
            raise UpstreamBroken("the backend's answer has no candidates")
        if frame is None:
            raise UpstreamBroken("the backend's answer ended in the middle")
        events.append(Finish("tool_calls" if chunks.has_calls else "stop", frame))
    events.append(End(frame))
    if frame is not None:
        frame.size = len(events)
    return events


class AnswerReader:
    """Reads one streamed answer: server-sent events, or the elements of a list.

    A chunk that tells why the model stopped is held back until it is known to be the last with
    content: some models tell it in each.
    """

    def __init__(self, maker: str = "") -> None:
        self._chunks = Chunks(maker)
        self._lines = SseSplitter()
        self._objects: JsonSplitter | None = None
        self._begun = False
        self._runs = TextRuns(_text_at, (b'"text":"', b'"text": "'))
        self._held: tuple[Mapping[str, Any], bytes] | None = None
        self.ended = False

    def feed(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        if self.ended:
            return events
        try:
            self._begin(data)
            if self._objects is not None:
                for found in self._objects.feed(data):
                    self._json(found, _DATA + found + b"\n\n", events)
            else:
                self._block(self._lines.feed(data), events)
        except ProxyError as error:
            events.append(self._failure(error))
        return events

    def _begin(self, data: bytes) -> None:
        """The first letter tells the form."""
        if not self._begun and (first := data.strip()[:1]):
            self._begun = True
            if first in (b"[", b"{"):
                self._objects = JsonSplitter()

    def _block(self, block: bytes, events: list[Event]) -> None:
        position = 0
        while position < len(block) and not self.ended:
            if run := self._runs.cut(block, position):
                text, end = run
                self._release(events, is_last=False)
                frame = Frame(block[position:end], 1, STREAM)
                events.append(Opaque(frame) if self._chunks.finished else TextDelta(text, frame))
            else:
                end = frame_end(block, position)
                self._frame(block[position:end], events)
            position = end

    def _frame(self, raw: bytes, events: list[Event]) -> None:
        frame = parse_frame(raw)
        data = frame.data
        if data is None or not data.strip() or data.strip() == b"[DONE]":
            # Only blank lines may reach the SDK beside data.
            events.append(KeepAlive(None if raw.strip() else Frame(raw, 1, STREAM)))
            return
        self._json(data, raw if _is_plain(raw) else _relayable(data), events)

    def _json(self, data: bytes, raw: bytes, events: list[Event]) -> None:
        try:
            chunk: Any = orjson.loads(data)
        except ValueError:
            raise UpstreamBroken("the backend sent a chunk that is not valid JSON") from None
        if is_list(chunk) and len(chunk) == 1:  # an error comes so, where a list was asked for
            chunk = chunk[0]
        if not is_object(chunk):
            raise UpstreamBroken("the backend sent a chunk that is not a JSON object")
        self._release(events, is_last=not (parts_in(chunk) or reason_in(chunk)))
        if reason_in(chunk) and not self._chunks.finished:
            self._held = chunk, raw
        else:
            self._read(chunk, raw, events, is_last=False)

    def _release(self, events: list[Event], *, is_last: bool) -> None:
        """Let out what was held back; `is_last` says that no content follows it."""
        if self._held is not None:
            (chunk, raw), self._held = self._held, None
            self._read(chunk, raw, events, is_last=is_last)

    def _read(
        self, chunk: Mapping[str, Any], raw: bytes, events: list[Event], *, is_last: bool
    ) -> None:
        frame = Frame(raw, 0, STREAM)
        read = self._chunks.read(chunk, frame, is_last=is_last) or [Opaque(frame)]
        frame.size = len(read)
        events += read
        if any(isinstance(event, TextDelta) for event in read) and all(
            isinstance(event, TextDelta | Usage) for event in read
        ):
            self._runs.learn(raw)

    def close(self) -> list[Event]:
        """The end of the body is a proper end only after a reason to stop."""
        events: list[Event] = []
        if self.ended:
            return events
        try:
            if self._objects is not None and self._objects.close():
                raise UpstreamBroken("the backend's answer ended in the middle")
            if (rest := self._lines.close()).strip():
                self._frame(rest, events)
            self._release(events, is_last=True)
        except ProxyError as error:
            return [*events, self._failure(error)]
        if not self._chunks.finished:
            return [
                *events,
                self._failure(UpstreamBroken("the backend's answer ended in the middle")),
            ]
        self.ended = True
        return [*events, End()]

    def _failure(self, error: ProxyError) -> Failure:
        self.ended = True
        return Failure(error)


def _is_plain(raw: bytes) -> bool:
    """Whether it is data and nothing else, in the one form that the SDKs take."""
    if not raw.endswith(_LINE_ENDS):
        return False
    return all(line.startswith(_DATA) for line in raw.splitlines() if line)


def _relayable(data: bytes) -> bytes:
    """Data in that form. A line end in JSON stands between tokens, where a blank does as well."""
    return _DATA + data.translate(_LINE_END) + b"\n\n"


def _text_at(chunk: Any) -> tuple[dict[str, Any], str] | None:
    """Where the text stands in a chunk that carries text and nothing else but the counts, which are
    the same in all chunks that differ in their text alone."""
    candidates = objects_in(chunk.get("candidates")) if is_object(chunk) else []
    if len(candidates) != 1 or candidates[0].get("index") or reason_in(chunk):
        return None
    parts = parts_in(chunk)
    if len(parts) != 1 or set(parts[0]) != {"text"} or not isinstance(parts[0]["text"], str):
        return None
    return parts[0], "text"
