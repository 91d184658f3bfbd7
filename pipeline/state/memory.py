"""State in this process's memory: bounded, least recently used goes first."""

from collections.abc import Callable, Mapping, Sequence

from llm_proxy.pipeline.state.buckets import Buckets
from llm_proxy.pipeline.state.charges import Charge, Lease, Standing
from llm_proxy.pipeline.state.shelf import Bound, Shelf
from llm_proxy.pipeline.state.store import Change, Store

BEGINNINGS = Bound(4_000, 2_000_000)
"""Of what each request leaves behind in case its conversation goes on, which most do not: so little
that a process does not grow with what it has done."""

BOUNDS: Mapping[str, Bound] = {
    "session-start": BEGINNINGS,
    "session-answer": BEGINNINGS,
    "sticky": BEGINNINGS,
    "session-account": Bound(8_000, 8_000_000),
    "cache": Bound(20_000, 256_000_000),
}
"""By kind."""

OTHERS = Bound(20_000, 64_000_000)
"""Of what there is only where somebody needs it, like what was set in a conversation."""


class _Shelves(dict[str, Shelf]):
    """By kind, each made when it is first asked for."""

    def __init__(self, clock: Callable[[], float], bounds: Mapping[str, Bound]) -> None:
        super().__init__()
        self._clock = clock
        self._bounds = bounds

    def __missing__(self, kind: str) -> Shelf:
        shelf = self[kind] = Shelf(self._clock, self._bounds.get(kind, OTHERS))
        return shelf


class MemoryStore(Store):
    """Keeps so many values of each kind, which is what their keys begin with, as its bound says; so
    many of one kind displace none of another. `clock` gives seconds. Limits go by the loop's
    clock, and there are at most `limits` of them."""

    def __init__(
        self,
        clock: Callable[[], float],
        bounds: Mapping[str, Bound] = BOUNDS,
        limits: int = 20_000,
    ) -> None:
        self._shelves = _Shelves(clock, bounds)
        self._buckets = Buckets(limits)

    async def load(self, key: str) -> bytes | None:
        return self._shelves[key.partition(":")[0]].get(key)

    async def save(self, key: str, value: bytes, ttl: float) -> None:
        self._shelves[key.partition(":")[0]].put(key, value, ttl)

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        shelf = self._shelves[key.partition(":")[0]]
        is_new = shelf.get(key) is None
        if is_new:
            shelf.put(key, value, ttl)
        return is_new

    async def drop(self, key: str) -> None:
        self._shelves[key.partition(":")[0]].drop(key)

    def update_all(self, changes: Mapping[str, Change | bytes], ttl: float) -> None:
        for key, change in changes.items():
            shelf = self._shelves[key.partition(":")[0]]
            changed = change if isinstance(change, bytes) else change(shelf.get(key))
            if changed is None:
                shelf.drop(key)
            else:
                shelf.put(key, changed, ttl)

    async def take(self, charges: Sequence[Charge], lease: Lease | None = None) -> list[Standing]:
        return self._buckets.take(charges, lease)

    async def keep(self, charges: Sequence[Charge], lease: Lease) -> None:
        self._buckets.keep(charges, lease)

    async def settle(self, charges: Sequence[Charge], lease: Lease, costs: Sequence[float]) -> None:
        self._buckets.settle(charges, lease, costs)
