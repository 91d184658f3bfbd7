"""State in this process's memory: bounded, least recently used goes first."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress

from cachetools import TLRUCache

from llm_proxy.pipeline.state.buckets import Buckets
from llm_proxy.pipeline.state.charges import Charge, Lease, Standing
from llm_proxy.pipeline.state.store import Change, Store

ROOM = 256_000_000
"""Bytes that the values of one kind may take."""

_Entry = tuple[bytes, float]


def _expiry(_key: str, entry: _Entry, now: float) -> float:
    return now + entry[1]


class MemoryStore(Store):
    """Keeps at most `limit` values of each kind, which is what their keys begin with, and no more
    than `room` bytes of them; so many of one kind displace none of another. What is larger than all
    of the room is not kept. `clock` gives seconds. Limits go by the loop's clock."""

    def __init__(self, clock: Callable[[], float], limit: int = 20_000, room: int = ROOM) -> None:
        least = room // limit  # which each value takes of the room, so that there are never more

        def size(entry: _Entry) -> int:
            return max(least, len(entry[0]))

        self._kinds: defaultdict[str, TLRUCache[str, _Entry]] = defaultdict(
            lambda: TLRUCache(room, _expiry, timer=clock, getsizeof=size)
        )
        self._buckets = Buckets(limit)

    async def load(self, key: str) -> bytes | None:
        entry = self._entries(key).get(key)
        return entry[0] if entry else None

    async def save(self, key: str, value: bytes, ttl: float) -> None:
        entries = self._entries(key)
        entries.pop(key, None)
        with suppress(ValueError):  # it is too large
            entries[key] = (value, ttl)

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        is_new = await self.load(key) is None
        if is_new:
            await self.save(key, value, ttl)
        return is_new

    async def drop(self, key: str) -> None:
        self._entries(key).pop(key, None)

    async def update(self, key: str, change: Change, ttl: float) -> None:
        changed = change(await self.load(key))
        if changed is None:
            await self.drop(key)
        else:
            await self.save(key, changed, ttl)

    async def take(self, charges: Sequence[Charge], lease: Lease | None = None) -> list[Standing]:
        return self._buckets.take(charges, lease)

    async def keep(self, charges: Sequence[Charge], lease: Lease) -> None:
        self._buckets.keep(charges, lease)

    async def settle(self, charges: Sequence[Charge], lease: Lease, costs: Sequence[float]) -> None:
        self._buckets.settle(charges, lease, costs)

    def _entries(self, key: str) -> TLRUCache[str, _Entry]:
        return self._kinds[key.partition(":")[0]]
