"""Every kind of store, for tests that must hold for all of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.pipeline.state.redis import RedisStore
from llm_proxy.pipeline.state.store import Store
from tests.support.redis_server import RedisServer

KINDS = ("memory", "redis")


class Kept(NamedTuple):
    """A store, and a way to let time pass for it."""

    store: Store
    wait: Callable[[float], Awaitable[None]]


def redis_store(server: RedisServer, *, timeout: float = 10, prefix: str = "test") -> RedisStore:
    """A store on this server."""
    return RedisStore(server.url, f"127.0.0.1:{server.port}", prefix, timeout)


def memory_store() -> Kept:
    """A store in memory; nobody waits for its clock."""
    passed = 0.0

    async def wait(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    return Kept(MemoryStore(lambda: time.monotonic() + passed), wait)


def shared_store(server: RedisServer) -> Kept:
    """A store on Redis, where time passes as it does."""
    return Kept(redis_store(server), asyncio.sleep)
