"""State in this process's memory: bounded, least recently used goes first."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from cachetools import TLRUCache

from llm_proxy.pipeline.state.buckets import Buckets
from llm_proxy.pipeline.state.charges import Charge, Lease, Standing
from llm_proxy.pipeline.state.store import Change, Store

_Entry = tuple[bytes, float]


def _expiry(_key: str, entry: _Entry, now: float) -> float:
    return now + entry[1]


class MemoryStore(Store):
    """Keeps at most `limit` values of each kind, which is what their keys begin with; so many of
    one kind displace none of another. `clock` gives seconds. Limits go by the loop's clock."""

    def __init__(self, clock: Callable[[], float], limit: int = 20_000) -> None:
        self._kinds: defaultdict[str, TLRUCache[str, _Entry]] = defaultdict(
            lambda: TLRUCache(limit, _expiry, timer=clock)
        )
        self._buckets = Buckets(limit)

    async def load(self, key: str) -> bytes | None:
        entry = self._entries(key).get(key)
        return entry[0] if entry else None

    async def save(self, key: str, value: bytes, ttl: float) -> None:
        self._entries(key)[key] = (value, ttl)

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
