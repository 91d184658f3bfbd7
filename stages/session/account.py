"""How one request of a session went, and what it adds to the session's account."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Event, Usage
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import PROXY, Reply
from llm_proxy.pipeline.session_state import Account, LastRequest, Totals

Entry = Callable[[Totals], Account]
"""From a session's totals to its account with one request more."""

_MOST_TOLD = 40
_LONGEST_TOLD = 300

_NO_USAGE = Usage(0, 0)


class Bookkeeping:
    """A step that watches one answer, and says at its end what goes into the session's account.

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

    def after(self, reply: Reply) -> Entry | None:
        """What is to be entered once `reply` is over, if anything."""
        if reply.head.backend == PROXY:
            return None
        if reply.head.replayed:
            self._usage = _NO_USAGE
        if reply.error is not None:
            return self._entry(_told(reply.error), failed=True)
        if reply.outcome == "abandoned":
            return self._entry(self._left(), failed=True)
        return self._entry("complete", failed=False)

    def without_answer(self, error: BaseException) -> Entry | None:
        """What is to be entered where there was no answer but an error."""
        told = self._left() if isinstance(error, asyncio.CancelledError) else _told(error)
        return self._entry(told, failed=True)

    def _entry(self, outcome: str, *, failed: bool) -> Entry | None:
        if self._exchange.request.counts_only:
            return None
        return partial(_entered, usage=self._usage, failed=failed, last=self._last(outcome))

    def _last(self, outcome: str) -> LastRequest:
        trace = self._exchange.trace
        decisions: dict[str, tuple[str, ...]] = {}
        for stage, decision in trace.decisions[:_MOST_TOLD]:
            decisions[stage] = (*decisions.get(stage, ()), _short(decision))
        return LastRequest(
            id=self._exchange.id,
            model=_short(self._exchange.request.model),
            outcome=outcome,
            seconds=self._clock() - self._began,
            stages=tuple(
                (stage, seconds, decisions.get(stage, ()))
                for stage, seconds in trace.own_seconds().items()
            ),
            attempts=tuple(
                (_short(str(one.target)), _short(one.outcome), one.seconds)
                for one in trace.attempts[:_MOST_TOLD]
            ),
            warnings=tuple(map(_short, trace.warnings[:_MOST_TOLD])),
        )

    def _left(self) -> str:
        return "the time was over" if self._exchange.trace.timed_out() else "the client left"


def _entered(before: Totals, *, usage: Usage, failed: bool, last: LastRequest) -> Account:
    totals = Totals(
        before.requests + 1,
        before.failed + failed,
        before.input_tokens + usage.input_tokens,
        before.output_tokens + usage.output_tokens,
        before.cached_tokens + usage.cached_tokens,
        before.reasoning_tokens + usage.reasoning_tokens,
    )
    return Account(totals, last)


def _told(error: BaseException) -> str:
    """Never words that may hold a text of the conversation."""
    if isinstance(error, ProxyError):
        return _short(f"{error.status}: {error.for_log}")
    return f"internal error: {type(error).__name__}"


def _short(text: str) -> str:
    """As much as an account keeps of a text, which clients may have had a hand in."""
    return text[:_LONGEST_TOLD].encode("utf-8", "replace").decode()
