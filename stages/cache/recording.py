"""What an answer was, noted while it goes by."""

from collections.abc import Sequence
from dataclasses import replace

from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    ReasoningState,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)

_KEPT = (Start, ReasoningState, ToolCallStart, ToolCallEnd, Usage, Finish, End)
"""Beside what comes in pieces. What a model will not say is no answer to keep."""

_ENDS_WELL = ("stop", "tool_calls")

_Delta = TextDelta | ReasoningDelta | ToolCallDelta


class Recording:
    """A step that notes an answer of up to `largest` characters, its pieces put together."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._length = 0
        self._events: list[Event] = []
        self._delta: _Delta | None = None
        self._pieces: list[str] = []
        self._fits = True

    def __call__(self, event: Event) -> Sequence[Event]:
        if self._fits:
            self._note(event)
        return (event,)

    @property
    def complete(self) -> tuple[Event, ...] | None:
        """The answer, if it is all there, ended well, says something, and every dialect can say
        all of it."""
        if not self._fits or not self._events or not isinstance(self._events[-1], End):
            return None
        well = any(isinstance(one, Finish) and one.reason in _ENDS_WELL for one in self._events)
        says = any(isinstance(one, TextDelta | ToolCallStart) for one in self._events)
        return tuple(self._events) if well and says else None

    def _note(self, event: Event) -> None:
        match event:
            case TextDelta(text) | ReasoningDelta(text) | ToolCallDelta(_, text):
                self._note_piece(event, text)
            case KeepAlive() | Opaque(_, ""):
                pass
            case _ if isinstance(event, _KEPT):
                self._join()
                self._events.append(event)
            case _:
                self._give_up()

    def _note_piece(self, event: _Delta, text: str) -> None:
        if self._delta is None or not _continues(event, self._delta):
            self._join()
            self._delta = event
        self._pieces.append(text)
        self._length += len(text)
        if self._length > self._largest:
            self._give_up()

    def _join(self) -> None:
        text, self._pieces = "".join(self._pieces), []
        match self._delta:
            case ToolCallDelta() as delta:
                self._events.append(replace(delta, arguments=text, frame=None))
            case TextDelta() | ReasoningDelta() as delta if text:
                self._events.append(replace(delta, text=text, frame=None))
            case _:
                pass
        self._delta = None

    def _give_up(self) -> None:
        self._fits = False
        self._events, self._pieces, self._delta = [], [], None


def _continues(event: _Delta, before: _Delta) -> bool:
    if isinstance(event, ToolCallDelta) and isinstance(before, ToolCallDelta):
        return event.index == before.index
    return type(event) is type(before)
