"""Limits in this process's memory."""

from collections.abc import Sequence

from aiolimiter import AsyncLimiter
from cachetools import LRUCache

from llm_proxy.pipeline.state.charges import Charge, Standing, fits, standings


class _Bucket(AsyncLimiter):
    def level(self) -> float:
        """How much of what was taken has not been given again by now."""
        self._leak()
        return self._level


class Buckets:
    """At most `limit` limits; the least recently used is forgotten first, and so is full again."""

    def __init__(self, limit: int) -> None:
        self._buckets: LRUCache[str, _Bucket] = LRUCache(limit)

    async def take(self, charges: Sequence[Charge]) -> list[Standing]:
        """As `Store.take`."""
        buckets = [self._bucket(charge) for charge in charges]
        levels = [bucket.level() for bucket in buckets]
        if all(map(fits, charges, levels)):
            for bucket, charge in zip(buckets, charges, strict=True):
                await bucket.acquire(charge.cost)  # there is room, so that nothing is waited for
        return standings(charges, levels)

    def _bucket(self, charge: Charge) -> _Bucket:
        bucket = self._buckets.get(charge.name)
        if bucket is None:
            bucket = self._buckets[charge.name] = _Bucket(charge.most, charge.window)
        return bucket
