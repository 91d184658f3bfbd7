"""Every kind of store."""

from collections.abc import AsyncIterator

import pytest

from tests.support.redis_server import RedisServer
from tests.support.stores import InMemory, Kept, OnRedis


@pytest.fixture(params=["memory", "redis"])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    """The tests that use it hold for every store."""
    if request.param == "memory":
        yield InMemory()
        return
    server: RedisServer = request.getfixturevalue("redis")
    shared = OnRedis(server)
    async with shared.store:
        yield shared
