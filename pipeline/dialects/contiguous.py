"""Tool calls one after the other, for dialects whose blocks never overlap.

A server may send the pieces of several calls mixed, and tells the end of all of them only with the
finish. The first call that opens is let through as it comes; the others wait until it has ended.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from llm_proxy.pipeline.events import (
    Event,
    Failure,
    Finish,
    ReasoningDelta,
    ReasoningState,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)


class Contiguous:
    """Orders the events of one answer. What is said while a call is open waits for its end too."""

    def __init__(self) -> None:
        self._open: int | None = None
        self._waiting: deque[list[Event]] = deque()
        self._calls: dict[int, list[Event]] = {}

    def __call__(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events that may be written now, each call's in one piece."""
        for event in events:
            match event:
                case ToolCallStart(index) | ToolCallDelta(index) | ToolCallEnd(index):
                    yield from self._call(index, event)
                case Finish() | Failure():
                    yield from self._all_that_waits()
                    yield event
                case TextDelta() | ReasoningDelta() | RefusalDelta() | ReasoningState():
                    if self._open is None:
                        yield event
                    else:
                        self._waiting.append([event])
                case _:
                    yield event

    def _call(self, index: int, event: Event) -> Iterator[Event]:
        if self._open is None and isinstance(event, ToolCallStart):
            self._open = index
        if self._open != index:
            if isinstance(event, ToolCallStart):
                self._calls[index] = []
                self._waiting.append(self._calls[index])
            if index in self._calls:
                self._calls[index].append(event)
            if isinstance(event, ToolCallEnd):
                self._calls.pop(index, None)
            return
        yield event
        if isinstance(event, ToolCallEnd):
            self._open = None
            yield from self._next()

    def _next(self) -> Iterator[Event]:
        """Let out what waits, up to the first call that is still coming."""
        while self._waiting and self._open is None:
            events = self._waiting.popleft()
            yield from events
            if isinstance(events[0], ToolCallStart):
                self._calls.pop(events[0].index, None)
                if not isinstance(events[-1], ToolCallEnd):
                    self._open = events[0].index

    def _all_that_waits(self) -> Iterator[Event]:
        """Everything, with the ends that did not come."""
        while self._open is not None:
            index, self._open = self._open, None
            yield ToolCallEnd(index)
            yield from self._next()
