"""What becomes of an answer that makes the same tool call again."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
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


@dataclass(slots=True)
class _Open:
    """A call under way."""

    tool: str
    arguments: list[str] = field(default_factory=list[str])
    size: int = 0

    def add(self, piece: str) -> None:
        self.size += len(piece)
        if self.size <= _LONGEST_ARGUMENTS:
            self.arguments.append(piece)

    @property
    def digest(self) -> bytes | None:
        """None where the arguments are too long to be kept."""
        if self.size > _LONGEST_ARGUMENTS:
            return None
        return call_digest(self.tool, "".join(self.arguments))


class CallGuard:
    """A step that ends an answer whose first call goes on with what the agent is stuck in, and one
    that makes the same call more than `most` times.

    A first call of that tool waits until it is whole. `tell` is called once, with the tool.
    """

    def __init__(
        self,
        stuck: Stuck | None,
        options: TurnsOptions,
        tell: Callable[[str], None],
    ) -> None:
        self._stuck = stuck
        self._options = options
        self._tell = tell
        self._open: dict[int, _Open] = {}
        self._made: Counter[bytes] = Counter()
        self._held: list[Event] = []
        self._over = False

    def __call__(self, event: Event) -> Sequence[Event]:
        if self._over:
            return ()
        match event:
            case ToolCallStart(index, _, tool):
                if not self._options.is_exempt(tool):
                    self._open[index] = _Open(tool)
                if self._stuck and tool != self._stuck.tool:
                    self._stuck = None
            case ToolCallDelta(index, arguments) if index in self._open:
                self._open[index].add(arguments)
            case ToolCallEnd(index) if index in self._open:
                return self._ended(event, self._open.pop(index))
            case Finish() | End() | Failure():
                self._stuck = None
            case _:
                pass
        if self._stuck and self._open:
            self._held.append(event)
            return ()
        return self._let(event)

    def _ended(self, event: Event, call: _Open) -> Sequence[Event]:
        digest = call.digest
        if digest is None:
            self._stuck = None
            return self._let(event)
        if self._stuck and self._stuck.goes_on(call.tool, digest):
            return tuple(self._ending(call.tool, "stop"))
        self._stuck = None
        self._made[digest] += 1
        if self._made[digest] < self._options.same_call:
            return self._let(event)
        return (*self._let(event), *self._ending(call.tool, "tool_calls"))

    def _let(self, event: Event) -> Sequence[Event]:
        """The event, after those that have waited."""
        held, self._held = self._held, []
        return (*held, event)

    def _ending(self, tool: str, reason: str) -> Iterator[Event]:
        self._over = True
        self._tell(tool)
        yield from map(ToolCallEnd, sorted(self._open) if reason == "tool_calls" else ())
        yield TextDelta(CALL_NOTICE)
        yield Finish("tool_calls" if reason == "tool_calls" else "stop")
        yield End()
