"""Limits in this process's memory."""

import asyncio
from collections.abc import Sequence
from math import inf

from aiolimiter import AsyncLimiter
from cachetools import LRUCache

from llm_proxy.pipeline.state.charges import Charge, Lease, Standing, fits, standings


class _Bucket(AsyncLimiter):
    def level(self) -> float:
        """How much of what was taken has not been given again by now."""
        self._leak()
        return self._level

    def pour(self, cost: float) -> None:
        """Take so much, whether there is room for it or not."""
        self._level = self.level() + cost


class _Held:
    """What is held of one limit, by lease: how much, and until when."""

    def __init__(self) -> None:
        self._leases: dict[str, tuple[float, float]] = {}
        self._sum = 0.0
        self._next_end = inf

    def level(self) -> float:
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

    def pour(self, cost: float) -> None:
        if self.bucket:
            self.bucket.pour(cost)


class Buckets:
    """At most `limit` limits; the least recently used is forgotten first, and so is full again.
    Every method is as that of `Store`."""

    def __init__(self, limit: int) -> None:
        self._limits: LRUCache[str, _Limit] = LRUCache(limit)

    def take(self, charges: Sequence[Charge], lease: Lease | None) -> list[Standing]:
        limits = [self._limit(charge) for charge in charges]
        levels = [limit.level() for limit in limits]
        if all(map(fits, charges, levels)):
            for limit, charge in zip(limits, charges, strict=True):
                if charge.is_held and lease:
                    limit.held.hold(lease, charge.cost)
                else:
                    limit.pour(charge.cost)
        return standings(charges, levels)

    def keep(self, charges: Sequence[Charge], lease: Lease) -> None:
        for charge in charges:
            self._limit(charge).held.hold(lease, charge.cost)

    def settle(self, charges: Sequence[Charge], lease: Lease, costs: Sequence[float]) -> None:
        for charge, cost in zip(charges, costs, strict=True):
            limit = self._limit(charge)
            limit.held.drop(lease.id)
            limit.pour(cost)

    def _limit(self, charge: Charge) -> _Limit:
        limit = self._limits.get(charge.name)
        if limit is None:
            limit = self._limits[charge.name] = _Limit(charge)
        return limit
