"""Limits in this process's memory."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from math import inf

from aiolimiter import AsyncLimiter

from llm_proxy.pipeline.state.charges import Charge, Lease, Standing, granted, standings


class _Bucket(AsyncLimiter):
    _level: float

    def level(self) -> float:
        """How much of what was taken has not been given again by now."""
        self._leak()
        return self._level

    def pour(self, cost: float) -> None:
        """Take so much, whether there is room for it or not, right after the level was asked."""
        self._level += cost


class _Held:
    """What is held of one limit, by lease: how much, and until when."""

    def __init__(self) -> None:
        self._leases: dict[str, tuple[float, float]] = {}
        self._sum = 0.0
        self._next_end = inf

    def level(self) -> float:
        if not self._leases:
            return 0.0
        now = asyncio.get_running_loop().time()
        if now >= self._next_end:
            for lease in [one for one, (_, until) in self._leases.items() if until <= now]:
                self.drop(lease)
            self._next_end = min((until for _, until in self._leases.values()), default=inf)
        return self._sum

    def hold(self, lease: Lease, cost: float) -> None:
        self.drop(lease.id)
        until = asyncio.get_running_loop().time() + lease.seconds
        self._leases[lease.id] = (cost, until)
        self._next_end = min(self._next_end, until)
        self._sum += cost

    def drop(self, lease: str) -> None:
        cost, _ = self._leases.pop(lease, (0.0, 0.0))
        self._sum = self._sum - cost if self._leases else 0.0


class _Limit:
    def __init__(self, charge: Charge) -> None:
        self.bucket = _Bucket(charge.most, charge.window) if charge.window else None
        self.held = _Held()

    def level(self) -> float:
        return self.held.level() + (self.bucket.level() if self.bucket else 0.0)

    def take(self, charge: Charge, lease: Lease | None) -> None:
        """Right after its level was asked."""
        if charge.is_held and lease:
            self.held.hold(lease, charge.cost)
        elif self.bucket:
            self.bucket.pour(charge.cost)

    def settle(self, lease: Lease, cost: float) -> None:
        self.held.drop(lease.id)
        if self.bucket:
            self.bucket.level()
            self.bucket.pour(cost)


class Buckets:
    """At most `limit` limits; the least recently used is forgotten first, and so is full again.
    Every method is as that of `Store`."""

    def __init__(self, limit: int) -> None:
        self._most = limit
        self._limits: OrderedDict[tuple[str, float, float], _Limit] = OrderedDict()

    def take(self, charges: Sequence[Charge], lease: Lease | None) -> list[Standing]:
        limits = [(self._limit(charge), charge) for charge in charges]
        found = standings(charges, [limit.level() for limit, _ in limits])
        if granted(found):
            for limit, charge in limits:
                limit.take(charge, lease)
        return found

    def keep(self, charges: Sequence[Charge], lease: Lease) -> None:
        for charge in charges:
            self._limit(charge).held.hold(lease, charge.cost)

    def settle(self, charges: Sequence[Charge], lease: Lease, costs: Sequence[float]) -> None:
        for charge, cost in zip(charges, costs, strict=True):
            self._limit(charge).settle(lease, cost)

    def _limit(self, charge: Charge) -> _Limit:
        name = (charge.key, charge.most, charge.window)
        limit = self._limits.get(name)
        if limit is not None:
            self._limits.move_to_end(name)
            return limit
        limit = self._limits[name] = _Limit(charge)
        if len(self._limits) > self._most:
            self._limits.popitem(last=False)
        return limit
