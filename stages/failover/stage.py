"""Sends a request to its targets until one begins to answer."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import ceil

from tenacity import wait_random_exponential

from llm_proxy.pipeline.avoided import AVOIDED
from llm_proxy.pipeline.errors import Unavailable
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Kit, Next, Stage
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.failover.attempts import Attempts, Means
from llm_proxy.stages.failover.budgets import HedgeBudget, RetryBudget
from llm_proxy.stages.failover.course import Course
from llm_proxy.stages.failover.journey import Journey
from llm_proxy.stages.failover.options import FailoverOptions
from llm_proxy.stages.failover.resume import Resumed
from llm_proxy.stages.failover.sticky import Anchor
from llm_proxy.stages.failover.targets import choice_for, in_order

_MOST_TOLD = 8
"""Targets that are named where somebody asks."""

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
        self._means = Means(options, kit, RetryBudget(options.retry_budget), hedges, backoff)
        self._told_of_no_session = False

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        options, request = self.options, exchange.request
        kit = self.kit.seen_by(exchange.caller)
        choice = choice_for(exchange, options, kit)
        targets = in_order(choice, kit.backends, kit.health, request.form)
        targets = _not_avoided(targets, exchange.fact(AVOIDED) or frozenset[Target]())
        anchor = self._anchor(exchange) if choice.sticky else None
        if anchor:
            targets = await anchor.first(targets)
        named = ", ".join(_named(target, kit) for target in targets[:_MOST_TOLD])
        self.tell(exchange, f"{choice.policy}: {named}")
        deadline = kit.clock() + options.total_timeout
        course = Course(targets, options, kit.health, kit.clock, deadline)
        attempts = Attempts(self._means, course, call_next, anchor)
        journey = Journey(self._means, course, attempts)
        reply = await journey.answer(exchange)
        if not (options.resume and request.stream):
            return reply
        go_on = partial(journey.go_on, exchange)
        resumed = Resumed(reply, request, go_on, journey.is_mendable)
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


def _named(target: Target, kit: Kit) -> str:
    """The target, and why it will not be the first where it is to be let alone."""
    wait = kit.health.of(target).wait
    return f"{target} (left alone for {ceil(wait)} s)" if wait else str(target)
