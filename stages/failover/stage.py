"""Sends a request to its targets until one begins to answer."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from tenacity import wait_random_exponential

from llm_proxy.pipeline.avoided import AVOIDED
from llm_proxy.pipeline.errors import Unavailable
from llm_proxy.pipeline.exchange import Caller, Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Kit, Next, Stage
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.failover.attempts import Attempts, Means
from llm_proxy.stages.failover.budgets import HedgeBudget, RetryBudget
from llm_proxy.stages.failover.course import Course
from llm_proxy.stages.failover.journey import Journeys
from llm_proxy.stages.failover.options import FailoverOptions
from llm_proxy.stages.failover.resume import Resumed
from llm_proxy.stages.failover.sticky import Anchor
from llm_proxy.stages.failover.targets import Choices

_log = logging.getLogger(__name__)


class Failover(Stage[FailoverOptions]):
    """Sends a request to its targets, one after the other, until one begins to answer.

    An answer that has shown content is never given up for another; what breaks after that is told
    to the client, unless `resume` lets another target go on from there. What the client got wrong
    is not tried again elsewhere.
    """

    Options = FailoverOptions

    def __init__(self, options: FailoverOptions, kit: Kit) -> None:
        super().__init__(options, kit)
        hedges = HedgeBudget(options.hedging.budget) if options.hedging else None
        # Full jitter: each wait is by chance between nothing and its limit.
        backoff = wait_random_exponential(multiplier=options.backoff, max=options.longest_backoff)
        retries, breaker = RetryBudget(options.retry_budget), options.breaker.limits
        self._means = Means(options, kit, breaker, retries, hedges, backoff)
        self._journeys = Journeys(self._means)
        self._choices = Choices(options, kit)
        self._choices_of_tenants = {
            tenant: Choices(options, kit.seen_by(Caller("", tenant))) for tenant in kit.views
        }
        self._told_of_no_session = False

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        options, request, caller = self.options, exchange.request, exchange.caller
        tenant = caller.tenant if caller else ""
        choices = self._choices_of_tenants.get(tenant, self._choices)
        choice, kit = choices.of(exchange), choices.kit
        targets = choice.in_order(kit.health, request)
        if AVOIDED in exchange.facts:
            targets = _not_avoided(targets, exchange.facts[AVOIDED])
        anchor = self._anchor(exchange) if choice.sticky else None
        if anchor:
            targets = await anchor.first(targets)
        deadline = kit.clock() + options.total_timeout
        course = Course(targets, options, kit.health, kit.clock, deadline)
        is_usual = targets is choice.ordered and course.is_well
        self.tell(exchange, choice.told if is_usual else choice.telling(targets, kit.health))
        attempts = Attempts(self._means, course, call_next, anchor)
        reply = await self._journeys.answer(exchange, attempts)
        if not (options.resume and request.stream):
            return reply
        go_on = partial(self._journeys.go_on, exchange, attempts)
        resumed = Resumed(reply, request, go_on, self._journeys.is_mendable)
        return Reply(reply.head, resumed, resumed.aclose)

    def _anchor(self, exchange: Exchange) -> Anchor | None:
        if exchange.session is not None:
            return Anchor(exchange, exchange.session.id, self.kit.store)
        if not self._told_of_no_session:
            self._told_of_no_session = True
            _log.warning('"sticky" does nothing without a stage "session" before this one')
        return None


def _not_avoided(targets: Sequence[Target], avoided: frozenset[Target]) -> list[Target]:
    """The targets that a stage before does not want left out; raises `Unavailable`."""
    left = [target for target in targets if replace(target, key="") not in avoided]
    if not left:
        raise Unavailable("there is no other target for this")
    return left
