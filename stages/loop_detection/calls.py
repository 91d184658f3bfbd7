"""What becomes of an answer that makes the same tool call again."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    FinishReason,
    ReasoningDelta,
    ReasoningState,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from llm_proxy.stages.loop_detection.history import call_digest
from llm_proxy.stages.loop_detection.options import TurnsOptions
from llm_proxy.stages.loop_detection.stuck import Stuck

CALL_NOTICE = "\n\n[llm-proxy stopped this answer: it was making the same tool call again]"

_LONGEST_ARGUMENTS = 16_384
_NO_CALL = (TextDelta, ReasoningDelta)


@dataclass(slots=True)
class _Open:
    """A call under way."""

    tool: str
    pieces: list[str] = field(default_factory=list[str])
    size: int = 0
    is_settled: bool = False

    def add(self, piece: str) -> None:
        self.size += len(piece)
        if self.size <= _LONGEST_ARGUMENTS:
            self.pieces.append(piece)

    @property
    def digest(self) -> bytes | None:
        """None where the arguments are too long to be kept."""
        if self.size > _LONGEST_ARGUMENTS:
            return None
        return call_digest(self.tool, "".join(self.pieces))

    @property
    def seems_whole(self) -> bool:
        """Some vendors tell that a call is whole only at the end of the answer."""
        try:
            orjson.loads("".join(self.pieces))
        except ValueError:
            return False
        return True


class CallGuard:
    """A step that ends an answer whose first call goes on with what the agent is stuck in, and one
    that makes the same call as often as an agent may.

    A first call of that tool waits until it is whole. `tell` is called once, with the tool.
    """

    def __init__(
        self, stuck: Stuck | None, options: TurnsOptions, tell: Callable[[str], None]
    ) -> None:
        self._stuck = stuck
        self._options = options
        self._tell = tell
        self._open: dict[int, _Open] = {}
        self._made: Counter[bytes] = Counter()
        self._first: int | None = None
        self._latest = 0
        self._held: list[Event] = []
        self._over = False

    def __call__(self, event: Event) -> Sequence[Event]:
        if self._over:
            return ()
        if isinstance(event, _NO_CALL) and not self._held:
            return (event,)
        ending: Sequence[Event] = ()
        match event:
            case ToolCallStart(index, _, tool):
                before = self._open.get(self._latest)
                if before and before.seems_whole:
                    ending = self._settled(self._latest, before)
                self._begin(index, tool)
            case ToolCallDelta(index, arguments) if index in self._open:
                self._open[index].add(arguments)
            case ToolCallEnd(index) if index in self._open:
                ending = self._settled(index, self._open[index])
                del self._open[index]
            case Finish() | End() | Failure():
                self._stuck = None
            case _:
                pass
        return ending or self._passed(event)

    def _begin(self, index: int, tool: str) -> None:
        """The first call alone shows whether the agent goes on."""
        self._latest = index
        if not self._options.is_exempt(tool):
            self._open[index] = _Open(tool)
        if self._first is None:
            self._first = index
            if self._stuck and tool != self._stuck.tool:
                self._stuck = None

    def _passed(self, event: Event) -> Sequence[Event]:
        """The event and those that have waited, unless they have to wait on: with a call also the
        state that belongs to it."""
        self._held.append(event)
        is_before_call = isinstance(event, ReasoningState) and event.seal.call is not None
        if self._stuck and (is_before_call or self._first is not None):
            return ()
        held, self._held = self._held, []
        return held

    def _settled(self, index: int, call: _Open) -> Sequence[Event]:
        """The end of the answer, if this call is one too many."""
        digest = call.digest
        if call.is_settled or digest is None:
            if index == self._first:
                self._stuck = None
            return ()
        call.is_settled = True
        if self._stuck and index == self._first:
            if self._stuck.goes_on(call.tool, digest):
                return self._ending(call.tool, [], "stop")
            self._stuck = None
        self._made[digest] += 1
        if self._made[digest] < self._options.same_call:
            return ()
        ends = map(ToolCallEnd, sorted(self._open))
        return self._ending(call.tool, [*self._held, *ends], "tool_calls")

    def _ending(self, tool: str, before: Sequence[Event], reason: FinishReason) -> Sequence[Event]:
        self._over = True
        self._tell(tool)
        return [*before, TextDelta(CALL_NOTICE), Finish(reason), End()]
