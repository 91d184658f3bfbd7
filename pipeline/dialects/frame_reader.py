"""The part of reading a streamed answer that is the same in every dialect of server-sent events."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import orjson

from llm_proxy.pipeline.dialects.sse import SseFrame, SseSplitter, frame_end, parse_frame
from llm_proxy.pipeline.dialects.text_runs import TextAt, TextRuns
from llm_proxy.pipeline.errors import ProxyError, UpstreamBroken
from llm_proxy.pipeline.events import (
    LAST,
    Event,
    Failure,
    Frame,
    KeepAlive,
    Opaque,
    TextDelta,
)
from llm_proxy.pipeline.json_values import is_object

CUT_SHORT = "the backend's answer ended in the middle"


class RawFrameReader(ABC):
    """Cuts a stream into frames, of which a subclass reads the events.

    `keys` are the ways in which the key of a text delta is written, for `TextRuns`.
    """

    format: ClassVar[str]
    keys: ClassVar[tuple[bytes, ...]] = ()

    def __init__(self) -> None:
        self._splitter = SseSplitter()
        self._runs = TextRuns(self.text_at, self.keys)
        self.ended = False

    @abstractmethod
    def read_frame(self, raw: bytes) -> list[Event]:
        """The events of a whole frame, each with it; raises `UpstreamBroken`."""

    @abstractmethod
    def at_end_of_body(self) -> Sequence[Event]:
        """What the end of the body means where no last event has come; raises `UpstreamBroken`."""

    @property
    def text_at(self) -> TextAt:
        """Where the text stands in a parsed frame that carries text and nothing else."""
        return _nowhere

    def feed(self, data: bytes) -> list[Event]:
        """The events that are complete with `data`; garbage is a `Failure` behind what was good."""
        events: list[Event] = []
        try:
            block = self._splitter.feed(data)
            position = 0
            while position < len(block) and not self.ended:
                if run := self._runs.cut(block, position):
                    text, end = run
                    events.append(TextDelta(text, Frame(block[position:end], 1, self.format)))
                else:
                    end = frame_end(block, position)
                    events += self.read_frame(block[position:end])
                position = end
        except ProxyError as error:
            events.append(self._failure(error))
        return events

    def close(self) -> list[Event]:
        """The events left at the end; a `Failure` if the answer is cut short."""
        events: list[Event] = []
        try:
            if not self.ended and (rest := self._splitter.close()).strip():
                events += self.read_frame(rest)
            if not self.ended:
                events += self.at_end_of_body()
        except ProxyError as error:
            events.append(self._failure(error))
        return events

    def _failure(self, error: ProxyError, frame: Frame | None = None) -> Failure:
        self.ended = True
        return Failure(error, frame)


class FrameReader(RawFrameReader):
    """The same, for frames that are told apart by what is in their JSON alone."""

    @abstractmethod
    def events_of(self, frame: SseFrame, data: bytes, shared: Frame) -> Sequence[Event]:
        """The events of a frame that has data; raises `UpstreamBroken`."""

    def read_frame(self, raw: bytes) -> list[Event]:
        frame = parse_frame(raw)
        if frame.data is None or not frame.data.strip():
            # An SDK stumbles over a frame without data that is more than a comment.
            return [KeepAlive(Frame(raw, 1, self.format) if frame.is_comment else None)]
        shared = Frame(raw, 0, self.format)
        events = list(self.events_of(frame, frame.data, shared)) or [Opaque(shared)]
        shared.size = len(events)
        if isinstance(events[-1], LAST):
            self.ended = True
        if len(events) == 1 and isinstance(events[0], TextDelta):
            self._runs.learn(raw)
        return events


def json_object(data: bytes) -> dict[str, Any]:
    """A frame's data; raises `UpstreamBroken`."""
    try:
        parsed: Any = orjson.loads(data)
    except ValueError:
        raise UpstreamBroken("the backend sent a chunk that is not valid JSON") from None
    if not is_object(parsed):
        raise UpstreamBroken("the backend sent a chunk that is not a JSON object")
    return parsed


def _nowhere(_parsed: object) -> None:
    return None
