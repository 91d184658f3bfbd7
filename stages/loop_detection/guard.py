"""What becomes of an answer that goes round in circles."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    ReasoningDelta,
    ReasoningState,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.stages.loop_detection.watch import Found, Place, Watch

NOTICE = "\n\n[llm-proxy stopped this answer: it was repeating itself]"

_EVENTS: dict[Place, type[TextDelta | ReasoningDelta]] = {
    "text": TextDelta,
    "reasoning": ReasoningDelta,
}


class Guard:
    """A step for a stream: what has been sent cannot be taken back, so the answer ends where the
    loop is recognised, or at the end of its first round where that is in the same piece. `tell` is
    called once; with `goes_on` that is all that happens.

    Arguments that were cut off are ended as by a limit of tokens: clients do not run such a call.
    """

    def __init__(
        self, watch: Watch, tell: Callable[[Found], None], *, goes_on: bool = False
    ) -> None:
        self._watch = watch
        self._tell = tell
        self._goes_on = goes_on
        self._found = False

    def __call__(self, event: Event) -> Sequence[Event]:
        if self._found:
            return (event,) if self._goes_on else ()
        found = self._watch.see(event)
        if found is None:
            return (event,)
        self._found = True
        self._tell(found)
        return (event,) if self._goes_on else tuple(self._ending(event, found))

    def _ending(self, event: Event, found: Found) -> Iterator[Event]:
        if shortened := _shortened(event, found.room):
            yield shortened
        yield from map(ToolCallEnd, sorted(self._watch.open_calls))
        yield TextDelta(NOTICE)
        yield Finish("length" if found.call is not None else "stop")
        yield End()


def cut_back(events: Sequence[Event], found: Found) -> list[Event]:
    """A whole answer up to the end of the loop's first round; a call with a loop in its arguments
    is left out, and what the answer cost is kept."""
    usage = [event for event in events if isinstance(event, Usage)][-1:]
    if found.call is None:
        kept = list(_up_to(events, found))
    else:
        kept = list(_without_call(events, found.call))
    kept = [event for event in kept if not isinstance(event, Finish | End | Usage)]
    called = any(isinstance(event, ToolCallEnd) for event in kept)
    return [*kept, TextDelta(NOTICE), Finish("tool_calls" if called else "stop"), *usage, End()]


def _up_to(events: Sequence[Event], found: Found) -> Iterator[Event]:
    kind = _EVENTS[found.place]
    room = found.loop.first_round
    for event in events:
        if isinstance(event, kind):
            if room >= len(event.text):
                yield event
            elif shortened := _shortened(event, room):
                yield shortened
            room = max(0, room - len(event.text))
            if not room:
                return
        else:
            yield event


def _without_call(events: Sequence[Event], call: int) -> Iterator[Event]:
    """All but the call and the state that belongs to it."""
    ids = {event.id for event in events if isinstance(event, ToolCallStart) and event.index == call}
    for event in events:
        match event:
            case ToolCallStart(index) | ToolCallDelta(index) | ToolCallEnd(index) if index == call:
                pass
            case ReasoningState(seal) if seal.call in ids:
                pass
            case _:
                yield event


def _shortened(event: Event, room: int) -> Event | None:
    """The event with only so many characters, None without any."""
    match event:
        case TextDelta(text) | ReasoningDelta(text) if text[:room]:
            return replace(event, text=text[:room], frame=None)
        case ToolCallDelta(_, arguments) if arguments[:room]:
            return replace(event, arguments=arguments[:room], frame=None)
        case _:
            return None
