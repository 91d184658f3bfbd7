"""One attempt at one target, or, where that one is late, at two of them at once."""

import logging
from collections.abc import Awaitable
from functools import partial

from tenacity.wait import wait_base

from llm_proxy.pipeline.breaker import BreakerLimits
from llm_proxy.pipeline.errors import Fault, ProxyError, UpstreamBroken, UpstreamTimeout
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.health import Call
from llm_proxy.pipeline.parts import ToolResult
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.stage import Kit, Next
from llm_proxy.pipeline.time_limit import TimeLimit
from llm_proxy.stages.failover.budgets import HedgeBudget, RetryBudget
from llm_proxy.stages.failover.course import Course, Stop
from llm_proxy.stages.failover.options import FailoverOptions
from llm_proxy.stages.failover.race import Attempt, raced
from llm_proxy.stages.failover.sticky import Anchor

_ENOUGH_TO_JUDGE = 20
"""Answers of a target after which it can be said that one is late."""

_log = logging.getLogger(__name__)


@record
class Means:
    """What all requests share."""

    options: FailoverOptions
    kit: Kit
    breaker: BreakerLimits
    retries: RetryBudget
    hedges: HedgeBudget | None
    backoff: wait_base


class Attempts:
    """Asks the targets of `course`, from which its course and the health of the targets learn;
    `anchor` is told which one has answered. `latest` is the last one asked, or the one that
    answers."""

    __slots__ = ("_anchor", "_call_next", "_means", "course", "latest")

    def __init__(
        self, means: Means, course: Course, call_next: Next, anchor: Anchor | None
    ) -> None:
        self._means = means
        self._call_next = call_next
        self._anchor = anchor
        self.course = course
        self.latest: Stop | None = None

    def make(self, exchange: Exchange) -> Awaitable[Reply]:
        """Ask the next target; raises `ProxyError`."""
        stop, hedges = self.course.take(), self._means.hedges
        late = self._late(hedges, exchange, stop) if hedges else None
        if late is None:
            return self._ask(exchange, stop)

        def second() -> Attempt | None:
            other = self._hedge(exchange, stop)
            return partial(self._ask, exchange, other) if other else None

        return raced(partial(self._ask, exchange, stop), second, late)

    def _late(self, hedges: HedgeBudget, exchange: Exchange, stop: Stop) -> float | None:
        """Seconds after which a second target is asked beside the first, None for never."""
        hedges.save()
        hedging, seen = self._means.options.hedging, stop.record.latencies[exchange.request.form]
        if hedging is None or len(seen) < _ENOUGH_TO_JUDGE:
            return None
        return max(hedging.at_least, seen.percentile(hedging.percentile))

    def _hedge(self, exchange: Exchange, slow: Stop) -> Stop | None:
        """Who is asked beside the one that is slow, if that may be."""
        hedges = self._means.hedges
        if not self.course.can_be_joined(slow) or not (hedges and hedges.spend()):
            return None
        other = self.course.take(beside=slow)
        extra = {"request_id": exchange.id, "slow": str(slow.target), "target": str(other.target)}
        _log.info("no answer yet, another target is asked too", extra=extra)
        return other

    async def _ask(self, exchange: Exchange, stop: Stop) -> Reply:
        """One attempt at one target, from which its health and the course learn."""
        self.latest = stop
        request, options = exchange.request, self._means.options
        call = stop.record.enter(self._means.breaker, request.form)
        limit = self.course.limit(stop, stream=request.stream)
        try:
            with TimeLimit(limit):
                reply = await self._call_next(exchange.at(stop.target))
            if self.course.has_another(stop):
                await self._refuse_empty(exchange, stop, reply)
        except ProxyError as error:
            self._failed(call, stop, error)
            raise
        except TimeoutError:
            silent = UpstreamTimeout(f"the backend gave no answer within {limit:.3g} s")
            exchange.trace.judge(stop.target, silent.for_log, Fault.TIMEOUT)
            self._failed(call, stop, silent)
            raise silent from None
        except BaseException:
            call.over()
            raise
        call.answered()
        self.latest = stop
        reply.limit_gaps(options.between_events_timeout).on_close(partial(call.ended, reply))
        if self._anchor:
            await self._hold(self._anchor, stop, reply)
        return reply

    async def _hold(self, anchor: Anchor, stop: Stop, reply: Reply) -> None:
        """Note that the session was answered there; a store may be slow, and clients leave."""
        try:
            await anchor.holds(stop.target)
        except BaseException:
            await reply.aclose()
            raise

    def _failed(self, call: Call, stop: Stop, error: ProxyError) -> None:
        call.failed(error)
        call.over()
        self.course.failed(stop, error)

    async def _refuse_empty(self, exchange: Exchange, stop: Stop, reply: Reply) -> None:
        """Raise the fault of an answer that is none, where somebody else can be asked."""
        fault = _emptiness(reply, exchange.request)
        if fault is None or self._means.options.reaction(fault) == "tell":
            return
        await reply.aclose()
        error = UpstreamBroken("the backend's answer is empty", fault=fault)
        exchange.trace.judge(stop.target, error.for_log, fault)
        raise error


def _emptiness(reply: Reply, request: ChatRequest) -> Fault | None:
    """What is wrong with an answer without content. After the result of a tool there may be nothing
    to say."""
    match reply.empty_finish:
        case "content_filter":
            return Fault.CONTENT_FILTER
        case "stop" if not any(isinstance(p, ToolResult) for p in request.messages[-1].parts):
            return Fault.EMPTY_ANSWER
        case _:
            return None
