"""The stage that limits how much callers may ask for."""

import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from llm_proxy.pipeline.errors import Fault, RateLimited
from llm_proxy.pipeline.events import Usage
from llm_proxy.pipeline.exchange import Exchange, Fact
from llm_proxy.pipeline.grants import LimitOf
from llm_proxy.pipeline.limits import LIMITS, Limit
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Kit, Next, Stage
from llm_proxy.pipeline.state.charges import Lease, Standing, granted
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.rate_limit.asked import Asked
from llm_proxy.stages.rate_limit.demand import Demand, Due
from llm_proxy.stages.rate_limit.keeper import Keeper
from llm_proxy.stages.rate_limit.meter import Meter
from llm_proxy.stages.rate_limit.options import RateLimitOptions
from llm_proxy.stages.rate_limit.prices import Prices
from llm_proxy.stages.rate_limit.rules import plain, with_own

_OWN_COUNTED = Fact[bool]("own limits counted")

_REMEMBERED = 4096
"""Callers; without keys each address is one, so there must be an end."""

_log = logging.getLogger(__name__)


class RateLimit(Stage[RateLimitOptions]):
    """Lets each caller make `default_limit` requests at once, and then one more each time that
    `time_window / default_limit` has passed, and holds `limits` of tokens, money and requests in
    flight; 429 with `Retry-After` beyond. Where state is shared, all replicas count together.

    Behind a stage that chooses targets it counts what is sent to each, and a limit that is reached
    is a fault of the target. Of several in a chain the first counts a caller's own limits.
    """

    Options = RateLimitOptions
    requires = frozenset({"caller"})

    def __init__(self, options: RateLimitOptions, kit: Kit) -> None:
        super().__init__(options, kit)
        self._rules = options.rules
        self._prices = Prices(options.prices)
        self._keeper = Keeper(kit.store, options.lease)
        self._told_of_no_price = False
        self._steady: dict[tuple[str, str, Sequence[LimitOf]] | None, Demand] = {}

    async def __aenter__(self) -> Self:
        await self._keeper.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._keeper.__aexit__(kind, error, traceback)

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        own = _own_limits(exchange)
        demand = self._demand(exchange, own)
        if not (demand.taken or demand.held):
            return await call_next(exchange)
        if not demand.held:
            standings = await self.kit.store.take(demand.charges)
            return await call_next(self._let_in(exchange, own, demand.taken, standings))
        standings, lease = await self._keeper.take(demand.charges)
        exchange = self._let_in(exchange, own, demand.taken, standings)
        return await self._followed(exchange, call_next, demand, lease)

    def _demand(self, exchange: Exchange, own: Sequence[LimitOf]) -> Demand:
        """What the request takes; worked out once for a caller of whom each takes the same."""
        caller = exchange.caller
        whose = (caller.id, caller.tenant, own) if caller else None
        known = self._steady.get(whose)
        if known is not None:
            return known
        rules = with_own(self._rules, own)
        demand = Demand(self.kit.stage, rules, self._asked(exchange), self._prices)
        if all(rule.is_steady for rule in rules):
            if len(self._steady) == _REMEMBERED:
                self._steady.clear()
            self._steady[whose] = demand
        if not demand.is_priced and not self._told_of_no_price:
            self._told_of_no_price = True
            extra = {"model": exchange.request.model, "stage": self.kit.stage}
            _log.warning("a model has no price: limits of money do not count it", extra=extra)
        return demand

    def _asked(self, exchange: Exchange) -> Asked:
        return Asked(exchange, self.kit, self.options.assumed_output)

    def _let_in(
        self,
        exchange: Exchange,
        own: Sequence[LimitOf],
        dues: Sequence[Due],
        standings: Sequence[Standing],
    ) -> Exchange:
        """The exchange that knows its limits; raises `RateLimited`."""
        if not granted(standings):
            raise self._refused(exchange, dues, standings)
        before: tuple[Limit, ...] = exchange.facts.get(LIMITS, ())
        limits = tuple(map(_limit, dues, standings))
        self.tell(exchange, "; ".join(map(_told, dues, limits)))
        exchange = exchange.knowing(LIMITS, (*before, *limits))
        return exchange.knowing(_OWN_COUNTED, True) if own else exchange

    def _refused(
        self, exchange: Exchange, dues: Sequence[Due], standings: Sequence[Standing]
    ) -> RateLimited:
        """The error that tells of the limit which makes the client wait longest."""
        pairs = zip(dues, standings, strict=True)
        error = _refusal(*max(pairs, key=lambda pair: pair[1].wait), exchange.target)
        self.tell(exchange, error.message)
        return error

    async def _followed(
        self, exchange: Exchange, call_next: Next, demand: Demand, lease: Lease
    ) -> Reply:
        """The answer, which is counted when it is over, in whatever way."""
        meter = Meter(self._asked(exchange))

        async def settle(usage: Usage, target: Target | None) -> None:
            charges = [due.charge for due in demand.held]
            await self._keeper.settle(charges, lease, demand.costs(usage, target))

        try:
            reply = await call_next(exchange)
        except BaseException as error:
            await settle(*meter.without_answer(error, exchange.trace))
            raise

        async def close() -> None:
            await settle(*meter.after(reply))

        return reply.through(meter).on_close(close)


def _own_limits(exchange: Exchange) -> tuple[LimitOf, ...]:
    """The caller's, unless they were counted before."""
    if exchange.caller is None or _OWN_COUNTED in exchange.facts:
        return ()
    return exchange.caller.grants.limits


def _refusal(due: Due, standing: Standing, target: Target | None) -> RateLimited:
    return RateLimited(
        f"over {due.rule.text}",
        of=due.rule.of,
        limit=due.rule.most,
        left=standing.left,
        retry_after=standing.wait,
        reset=standing.reset,
        fault=Fault.BUSY if target else None,
    )


def _limit(due: Due, standing: Standing) -> Limit:
    """What is left, without what is only held for this request itself: nobody knows yet whether it
    is needed."""
    rule, left = due.rule, standing.left
    if rule.of in ("tokens", "money"):
        left += due.charge.cost
    return Limit(rule.name, rule.most, left if rule.of == "money" else int(left), rule.window)


def _told(due: Due, limit: Limit) -> str:
    return f"{plain(limit.left)} of {due.rule.all} left"
