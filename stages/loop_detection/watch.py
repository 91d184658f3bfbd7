"""What of an answer is watched: its text, its reasoning, and the arguments of its tool calls."""

from collections.abc import Callable, Iterable
from typing import Literal

from llm_proxy.pipeline.events import (
    Event,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from llm_proxy.pipeline.record import record
from llm_proxy.stages.loop_detection.repeats import Loop, Repeats
from llm_proxy.stages.loop_detection.thresholds import Thresholds

Place = Literal["text", "reasoning", "arguments"]

_WATCHED = (TextDelta, ReasoningDelta, ToolCallDelta, ToolCallStart, ToolCallEnd)


@record
class Found:
    """A loop in an answer. `room` is how much of the event that showed it belongs to the answer up
    to the end of the first round; `call` is the index of the tool call it is in."""

    place: Place
    loop: Loop
    room: int
    call: int | None = None


class Watch:
    """Sees the events of an answer. `open_calls` are those that have begun and not ended.

    Each text is watched for itself; of the arguments only those of the call that came last, for
    models write one after the other.
    """

    __slots__ = (
        "_arguments",
        "_may_repeat",
        "_reasoning",
        "_text",
        "_thresholds",
        "open_calls",
    )

    def __init__(self, thresholds: Thresholds, may_repeat: Callable[[str], bool]) -> None:
        self._thresholds = thresholds
        self._may_repeat = may_repeat
        self._text: Repeats | None = None
        self._reasoning: Repeats | None = None
        self._arguments: tuple[int, Repeats] | None = None
        self.open_calls: set[int] = set()

    def first_in(self, events: Iterable[Event]) -> Found | None:
        """The first loop that these events make certain."""
        for event in events:
            if isinstance(event, _WATCHED) and (found := self.see(event)):
                return found
        return None

    def see(self, event: Event) -> Found | None:
        """The loop that this event makes certain."""
        if isinstance(event, TextDelta):  # most are
            watched = self._text = self._text or self._begun()
            loop = watched.feed(event.text)
            return None if loop is None else _found("text", loop, watched, event.text)
        match event:
            case ReasoningDelta():
                watched = self._reasoning = self._reasoning or self._begun()
                loop = watched.feed(event.text)
                return None if loop is None else _found("reasoning", loop, watched, event.text)
            case ToolCallDelta(index, arguments):
                watched = self._of_call(index)
                if loop := watched.feed(arguments):
                    return _found("arguments", loop, watched, arguments, index)
            case ToolCallStart(index):
                self.open_calls.add(index)
            case ToolCallEnd(index):
                self.open_calls.discard(index)
            case _:
                pass
        return None

    def _of_call(self, index: int) -> Repeats:
        if self._arguments is None or self._arguments[0] != index:
            self._arguments = index, self._begun(careful=True)
        return self._arguments[1]

    def _begun(self, *, careful: bool = False) -> Repeats:
        return Repeats(self._thresholds, careful=careful, may_repeat=self._may_repeat)


def _found(place: Place, loop: Loop, watched: Repeats, last: str, call: int | None = None) -> Found:
    before = watched.fed - len(last)
    return Found(place, loop, max(0, loop.first_round - before), call)
