"""One attempt at one target, or, where that one is late, at two of them at once."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from tenacity.wait import wait_base

from llm_proxy.pipeline.errors import Fault, ProxyError, UpstreamBroken, UpstreamTimeout
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.health import Call
from llm_proxy.pipeline.parts import ToolResult
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.stage import Kit, Next
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
    retries: RetryBudget
    hedges: HedgeBudget | None
    backoff: wait_base


class Attempts:
    """Asks the targets of `course`, from which its course and the health of the targets learn;
    `anchor` is told which one has answered. `latest` is the last one asked, or the one that
    answers."""

    def __init__(
        self, means: Means, course: Course, call_next: Next, anchor: Anchor | None
    ) -> None:
        self._hedges = means.hedges
        self._options = means.options
        self._course = course
        self._call_next = call_next
        self._anchor = anchor
        self.latest: Stop | None = None

    async def make(self, exchange: Exchange) -> Reply:
        """Ask the next target; raises `ProxyError`."""
        stop = self._course.take()
        late = self._late(exchange, stop)
        if late is None:
            return await self._ask(exchange, stop)

        def second() -> Attempt | None:
            other = self._hedge(exchange, stop)
            return partial(self._ask, exchange, other) if other else None

        return await raced(partial(self._ask, exchange, stop), second, late)

    def _late(self, exchange: Exchange, stop: Stop) -> float | None:
        """Seconds after which a second target is asked beside the first, None for never."""
        hedging = self._options.hedging
        if hedging is None or self._hedges is None:
            return None
        self._hedges.save()
        seen = stop.record.latency(exchange.request.form)
        if len(seen) < _ENOUGH_TO_JUDGE:
            return None
        return max(hedging.at_least, seen.percentile(hedging.percentile))

    def _hedge(self, exchange: Exchange, slow: Stop) -> Stop | None:
        """Who is asked beside the one that is slow, if that may be."""
        if not self._course.can_be_joined(slow) or not (self._hedges and self._hedges.spend()):
            return None
        other = self._course.take(beside=slow)
        extra = {"request_id": exchange.id, "slow": str(slow.target), "target": str(other.target)}
        _log.info("no answer yet, another target is asked too", extra=extra)
        return other

    async def _ask(self, exchange: Exchange, stop: Stop) -> Reply:
        """One attempt at one target, from which its health and the course learn."""
        self.latest = stop
        call = stop.record.enter(self._options.breaker.limits, exchange.request.form)
        limit = self._limit(stop, stream=exchange.request.stream)
        try:
            async with asyncio.timeout(limit):
                reply = await self._call_next(exchange.at(stop.target))
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
        reply.limit_gaps(self._options.between_events_timeout).on_close(_learner(call, reply))
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

    def _limit(self, stop: Stop, *, stream: bool) -> float:
        """Seconds for one attempt. A whole answer shows nothing before its end, so it may take all
        the time where it is the last."""
        left = self._course.seconds_left
        if stream or self._course.has_another(stop):
            return min(left, self._options.first_event_timeout)
        return left

    def _failed(self, call: Call, stop: Stop, error: ProxyError) -> None:
        call.failed(error)
        call.over()
        self._course.failed(stop, error)

    async def _refuse_empty(self, exchange: Exchange, stop: Stop, reply: Reply) -> None:
        """Raise the fault of an answer that is none, unless nobody else can be asked."""
        fault = _emptiness(reply, exchange.request)
        if fault is None or self._options.reaction(fault) == "tell":
            return
        if not self._course.has_another(stop):
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


def _learner(call: Call, reply: Reply) -> Callable[[], None]:
    """What is learned at the end of an answer that has begun."""

    def learn() -> None:
        if reply.outcome == "failed":
            call.failed(reply.error)
        call.over(complete=reply.outcome == "complete")

    return learn
