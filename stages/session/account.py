"""How one request of a session went, and what it adds to the session's totals."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Event, Usage
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import PROXY, Reply
from llm_proxy.pipeline.session_state import LastRequest, SessionState, Totals

_MOST_TOLD = 40
_LONGEST_TOLD = 300

_NO_USAGE = Usage(0, 0)


class Account:
    """A step that watches one answer, and says at its end what the session is to remember.

    What the proxy answered itself (commands), and what only counts tokens, is no request of the
    conversation: whoever asks why it went as it did means the one before.
    """

    def __init__(self, exchange: Exchange, clock: Callable[[], float]) -> None:
        self._exchange = exchange
        self._clock = clock
        self._began = clock()
        self._usage = _NO_USAGE

    def __call__(self, event: Event) -> Sequence[Event]:
        if isinstance(event, Usage):
            self._usage = event
        return (event,)

    def after(self, reply: Reply, state: SessionState) -> SessionState:
        """The session's state once `reply` is over."""
        if reply.head.backend == PROXY:
            return state
        if reply.error is not None:
            return self._after(state, _told(reply.error), failed=True)
        if reply.outcome == "abandoned":
            return self._after(state, self._left(), failed=True)
        return self._after(state, "complete", failed=False)

    def without_answer(self, error: BaseException, state: SessionState) -> SessionState:
        """The session's state where there was no answer but an error."""
        told = self._left() if isinstance(error, asyncio.CancelledError) else _told(error)
        return self._after(state, told, failed=True)

    def _after(self, state: SessionState, outcome: str, *, failed: bool) -> SessionState:
        if self._exchange.request.counts_only:
            return state
        return replace(state, totals=self._totals(state.totals, failed), last=self._last(outcome))

    def _totals(self, before: Totals, failed: bool) -> Totals:  # noqa: FBT001 - one word of two
        used = self._usage
        return Totals(
            before.requests + 1,
            before.failed + failed,
            before.input_tokens + used.input_tokens,
            before.output_tokens + used.output_tokens,
            before.cached_tokens + used.cached_tokens,
            before.reasoning_tokens + used.reasoning_tokens,
        )

    def _last(self, outcome: str) -> LastRequest:
        trace = self._exchange.trace
        decisions: dict[str, tuple[str, ...]] = {}
        for stage, decision in trace.decisions[:_MOST_TOLD]:
            decisions[stage] = (*decisions.get(stage, ()), decision[:_LONGEST_TOLD])
        return LastRequest(
            id=self._exchange.id,
            model=self._exchange.request.model[:_LONGEST_TOLD],
            outcome=outcome,
            seconds=self._clock() - self._began,
            stages=tuple(
                (stage, seconds, decisions.get(stage, ()))
                for stage, seconds in trace.own_seconds().items()
            ),
            attempts=tuple(
                (str(one.target)[:_LONGEST_TOLD], one.outcome[:_LONGEST_TOLD], one.seconds)
                for one in trace.attempts[:_MOST_TOLD]
            ),
            warnings=tuple(warning[:_LONGEST_TOLD] for warning in trace.warnings[:_MOST_TOLD]),
        )

    def _left(self) -> str:
        return "the time was over" if self._exchange.trace.timed_out() else "the client left"


def _told(error: BaseException) -> str:
    """Never words that may hold a text of the conversation."""
    if isinstance(error, ProxyError):
        return f"{error.status}: {error.for_log}"[:_LONGEST_TOLD]
    return f"internal error: {type(error).__name__}"
