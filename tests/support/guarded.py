"""A guarded store over one that is away when a test says so."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from llm_proxy.pipeline.errors import StateAway
from llm_proxy.pipeline.state.charges import Charge, Lease, Standing
from llm_proxy.pipeline.state.guarded import GuardedStore
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.pipeline.state.store import Change, SharedStore, Use, WhenAway
from tests.support.clock import Clock


class Switched(SharedStore):
    """A store that is away when a test says so. `asked` counts calls, `knocks` knocks."""

    def __init__(self, clock: Clock) -> None:
        self.kept = MemoryStore(clock)
        self.is_away = False
        self.held: asyncio.Event | None = None
        self.asked = 0
        self.knocks = 0

    async def _here(self) -> None:
        self.asked += 1
        if self.held:
            await self.held.wait()
        if self.is_away:
            raise StateAway("gone")

    async def knock(self) -> None:
        self.knocks += 1
        if self.is_away:
            raise StateAway("gone")

    async def load(self, key: str) -> bytes | None:
        await self._here()
        return await self.kept.load(key)

    async def save(self, key: str, value: bytes, ttl: float) -> None:
        await self._here()
        await self.kept.save(key, value, ttl)

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        await self._here()
        return await self.kept.add(key, value, ttl)

    async def drop(self, key: str) -> None:
        await self._here()
        await self.kept.drop(key)

    async def update_all(self, changes: Mapping[str, Change | bytes], ttl: float) -> None:
        await self._here()
        self.kept.update_all(changes, ttl)

    async def take(self, charges: Sequence[Charge], lease: Lease | None = None) -> list[Standing]:
        await self._here()
        return await self.kept.take(charges, lease)

    async def keep(self, charges: Sequence[Charge], lease: Lease) -> None:
        await self._here()
        await self.kept.keep(charges, lease)

    async def settle(self, charges: Sequence[Charge], lease: Lease, costs: Sequence[float]) -> None:
        await self._here()
        await self.kept.settle(charges, lease, costs)


async def turns() -> None:
    for _ in range(9):
        await asyncio.sleep(0)


class Bench:
    """A guarded store; time passes only when the test lets it."""

    def __init__(
        self,
        sessions: WhenAway = "local",
        limits: WhenAway = "local",
        keys: WhenAway = "local",
        cache: WhenAway = "open",
    ) -> None:
        self.clock = Clock()
        self.shared = Switched(self.clock)
        self.slept: list[float] = []
        self.go_on = asyncio.Event()
        when_away: dict[Use, WhenAway] = {
            "sessions": sessions,
            "limits": limits,
            "keys": keys,
            "cache": cache,
        }
        self.local = MemoryStore(self.clock)
        self.store = GuardedStore(self.shared, self.local, when_away, self.clock, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.go_on.wait()
        self.go_on.clear()
        self.clock.now += seconds

    async def pass_time(self) -> None:
        """Let the pause before the next knock be over."""
        await turns()
        self.go_on.set()
        await turns()


Begin = Callable[..., Bench]
