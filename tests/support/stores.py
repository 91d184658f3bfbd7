"""Every kind of store, for tests that must hold for all of them."""

import asyncio
import time
from abc import ABC, abstractmethod
from contextlib import suppress

from redis.asyncio import Redis

from llm_proxy.pipeline.state.address import Address
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.pipeline.state.redis import RedisStore
from llm_proxy.pipeline.state.store import Store
from tests.support.redis_server import RedisServer


def redis_store(server: RedisServer, *, timeout: float = 10, prefix: str = "test") -> RedisStore:
    """A store on this server."""
    return RedisStore(Address.of(server.url), prefix, timeout)


class Kept(ABC):
    """A store, and ways to let time pass for it: for values, and for limits."""

    store: Store

    @abstractmethod
    async def wait(self, seconds: float) -> None:
        """What is kept is so much older."""

    @abstractmethod
    async def leak(self, seconds: float) -> None:
        """Limits have had so much time to recover, and leases to end."""


class InMemory(Kept):
    """Nobody waits for its clocks."""

    def __init__(self) -> None:
        self.store = MemoryStore(lambda: time.monotonic() + self._passed)
        self._passed = 0.0

    async def wait(self, seconds: float) -> None:
        self._passed += seconds

    async def leak(self, seconds: float) -> None:
        for limit in self.store._buckets._limits.values():  # type: ignore[attr-defined]
            if limit.bucket:
                limit.bucket._last_check -= seconds
            limit.held._next_end -= seconds
            for lease, (cost, until) in limit.held._leases.items():
                limit.held._leases[lease] = (cost, until - seconds)


class OnRedis(Kept):
    """Values age as they do; limits are made older, for nobody can move the server's clock."""

    def __init__(self, server: RedisServer) -> None:
        self.store = redis_store(server)
        self._server = server

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def leak(self, seconds: float) -> None:
        microseconds = int(seconds * 1e6)
        async with Redis.from_url(self._server.url) as raw:
            for key in await raw.keys("test:{limits}:*"):
                if key.endswith(b":leases"):
                    for lease in await raw.zrange(key, 0, -1):
                        await raw.zincrby(key, -microseconds, lease)
                    continue
                with suppress(AttributeError):  # it has just expired
                    level, at, held = (await raw.get(key)).split()
                    older = b"%s %d %s" % (level, int(at) - microseconds, held)
                    await raw.set(key, older, keepttl=True)
