"""An answer: what is known at its head, and a stream of events that may still be coming.

Whole and streamed answers are the same thing here, so no guard can be skipped on one of the two.
The source yields batches, one per read of the network: a stage's step still sees single events,
but a hundred chunks that arrive together are paid for once.
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

from llm_proxy.pipeline.closing import Closer, close_all
from llm_proxy.pipeline.errors import ProxyError, UpstreamBroken, UpstreamTimeout
from llm_proxy.pipeline.events import (
    LAST,
    LIFE_CYCLE,
    End,
    Event,
    Failure,
    Finish,
    FinishReason,
    Opaque,
    ReasoningDelta,
    TextDelta,
)
from llm_proxy.pipeline.patience import Patience
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.told import Told

Step = Callable[[Event], Sequence[Event]]
"""Sees each event of an answer and gives back what goes on in its place; must not block."""

_LONGEST_UNSEEN = 16_000
"""Characters of a whole answer that are waited for."""

_SHOWS_NOTHING = (*LIFE_CYCLE, Finish)
"""That a model has stopped is no content: an answer may still turn out to be empty."""

PROXY = "proxy"
"""The backend of what this proxy says itself."""


@record
class Head:
    """Who answers, what the question lost on its way, and if all was said (and paid) before."""

    backend: str
    model: str
    warnings: tuple[str, ...] = ()
    replayed: bool = False


class Reply(Told):
    """Events on their way to the client, with everything that must be closed behind them.

    A stage adds a step with `through` and an act at the end with `on_close`; it never wraps the
    reply in a generator of its own, for closing an outer generator does not close the inner one.
    Whoever drops a reply instead of returning it closes it.
    """

    __slots__ = (
        "_buffer",
        "_closers",
        "_longest_gap",
        "_patience",
        "_source",
        "_steps",
        "head",
    )

    def __init__(
        self,
        head: Head,
        source: AsyncIterator[Sequence[Event]] | None,
        close: Closer | None = None,
    ) -> None:
        super().__init__()
        self.head = head
        self._source = source
        self._buffer: deque[Sequence[Event]] = deque()
        self._longest_gap: float | None = None
        self._patience: Patience | None = None
        self._steps: list[Step] = []
        self._closers: list[Closer] = [close] if close else []

    @classmethod
    def of(cls, head: Head, events: Sequence[Event]) -> Self:
        """A reply whose events are all there."""
        reply = cls(head, None)
        reply._buffer.append(events)
        return reply

    def through(self, step: Step) -> Self:
        """Let every event pass `step`; steps run in the order they were added."""
        self._steps.append(step)
        return self

    def on_close(self, close: Closer) -> Self:
        """Call `close` when the answer is over, in whatever way; the upstream is closed first."""
        self._closers.append(close)
        return self

    def give_again(self, events: Sequence[Event]) -> Self:
        """Let what was read come once more, past the steps that have seen it."""
        self._buffer.append(events)
        self._steps = []
        self.open_again()
        return self

    def limit_gaps(self, seconds: float) -> Self:
        """Take a longer silence of the backend for a failure."""
        self._longest_gap = seconds
        return self

    async def primed(self) -> Self:
        """Wait for the first event with content, or the end: **the commit point**.

        Raises the error of an answer that breaks before it. What came is kept and comes again.
        """
        while not self._shows_content():
            await self._read_ahead()
        return self

    def _shows_content(self) -> bool:
        """Whether what is there has content; raises the failure in it."""
        for batch in self._buffer:
            for event in batch:
                if isinstance(event, Failure):
                    raise event.error
                if not isinstance(event, _SHOWS_NOTHING):
                    return True
        return False

    async def complete(self) -> Self:
        """Wait for all of an answer that is given whole, for until its end it can be given up
        unseen; but of one that does not end, only for so much that the stages can judge it.

        Raises the error of an answer that breaks before.
        """
        unseen = 0
        while not self._has_ended() and unseen < _LONGEST_UNSEEN:
            await self._read_ahead()
            unseen += _characters(self._buffer[-1])
        return self

    def _has_ended(self) -> bool:
        """Whether the end came with what came last; raises the failure that it is."""
        for event in reversed(self._buffer[-1]) if self._buffer else ():
            if isinstance(event, End):
                return True
            if isinstance(event, Failure):
                raise event.error
        return False

    @property
    def empty_finish(self) -> FinishReason | None:
        """Why the model stopped, if the answer is known to be over and to have no content."""
        finish: FinishReason | None = None
        for batch in self._buffer:
            for event in batch:
                match event:
                    case Finish(reason):
                        finish = reason
                    case End():
                        return finish
                    case Opaque(_, content) if content:
                        return None
                    case _ if not isinstance(event, LIFE_CYCLE):
                        return None
                    case _:
                        pass
        return None

    async def _read_ahead(self) -> None:
        if self._source is None:
            begun = any(not isinstance(one, LIFE_CYCLE) for batch in self._buffer for one in batch)
            where = "in the middle" if begun else "before it began"
            raise UpstreamBroken(f"the backend's answer ended {where}")
        try:
            self._buffer.append(await anext(self._source))
        except StopAsyncIteration:
            self._source = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sequence[Event]:
        """The next events, at least one; a failure of the source is a `Failure` event."""
        while self.outcome == "open":
            try:
                events = self._buffer.popleft() if self._buffer else await self._coming()
            except (StopAsyncIteration, TimeoutError, ProxyError) as error:
                events = [self._broken(error)]
            events = self._through_steps(events) if self._steps else events
            if events := self.learned(events):
                return events
        raise StopAsyncIteration

    def _through_steps(self, events: Sequence[Event]) -> Sequence[Event]:
        last: Event | None = None
        for behind, event in enumerate(events, 1):
            if isinstance(event, LAST):
                events, last = events[:behind], event
                break
        for step in self._steps:
            passed: list[Event] = []
            for event in events:
                passed += step(event)
            events = passed
        # A step may drop what it likes, but an answer ends.
        return [*events, last] if last else events

    def _coming(self) -> Awaitable[Sequence[Event]]:
        """What the source gives next; no coroutine, for each chunk goes through every one."""
        if self._source is None:
            raise StopAsyncIteration
        if self._longest_gap is None:
            return anext(self._source)
        patience = self._patience = self._patience or Patience(self._longest_gap)
        return patience.wait_for(anext(self._source))

    def _broken(self, error: Exception) -> Failure:
        """How an answer ends whose source gave this in the place of events."""
        if isinstance(error, TimeoutError):
            gap = f" for {self._longest_gap:g} s" if self._longest_gap else ""
            return Failure(UpstreamTimeout(f"the backend was silent{gap}"))
        if isinstance(error, ProxyError):
            return Failure(error)
        self._source = None
        return Failure(UpstreamBroken("the backend's answer ended in the middle"))

    async def collect(self) -> list[Event]:
        """All events; raises the error of an answer that breaks."""
        events: list[Event] = []
        async for batch in self:
            events += batch
        if events and isinstance(last := events[-1], Failure):
            raise last.error
        return events

    async def aclose(self) -> None:
        """Close from the upstream outwards; see `close_all`. A second call does nothing."""
        if self.outcome == "open":
            self.outcome = "abandoned"
        if self._patience is not None:
            self._patience.stop()
        closers, self._closers = self._closers, []
        await close_all(closers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception) and self.outcome != "failed":
            self.fail(error)
        await self.aclose()


def _characters(events: Sequence[Event]) -> int:
    return sum(len(event.text) for event in events if isinstance(event, TextDelta | ReasoningDelta))
