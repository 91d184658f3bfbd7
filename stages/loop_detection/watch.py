"""What of an answer is watched: its text, its reasoning, and the arguments of its tool calls."""

from collections.abc import Callable
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

    def __init__(self, thresholds: Thresholds, may_repeat: Callable[[str], bool]) -> None:
        self._thresholds = thresholds
        self._may_repeat = may_repeat
        self._text = Repeats(thresholds, may_repeat=may_repeat)
        self._reasoning = Repeats(thresholds, may_repeat=may_repeat)
        self._arguments = self._text
        self._call: int | None = None
        self.open_calls: set[int] = set()

    def see(self, event: Event) -> Found | None:
        """The loop that this event makes certain."""
        if isinstance(event, TextDelta):  # most are
            loop = self._text.feed(event.text)
            return loop and _found("text", loop, self._text.fed - len(event.text))
        match event:
            case ReasoningDelta():
                if loop := self._reasoning.feed(event.text):
                    return _found("reasoning", loop, self._reasoning.fed - len(event.text))
            case ToolCallDelta(index, arguments):
                watched = self._of_call(index)
                if loop := watched.feed(arguments):
                    return _found("arguments", loop, watched.fed - len(arguments), index)
            case ToolCallStart(index):
                self.open_calls.add(index)
            case ToolCallEnd(index):
                self.open_calls.discard(index)
            case _:
                pass
        return None

    def _of_call(self, index: int) -> Repeats:
        if index != self._call:
            self._call = index
            self._arguments = Repeats(self._thresholds, careful=True, may_repeat=self._may_repeat)
        return self._arguments


def _found(place: Place, loop: Loop, before: int, call: int | None = None) -> Found:
    return Found(place, loop, max(0, loop.first_round - before), call)
