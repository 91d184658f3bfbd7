"""Every kind of store."""

from collections.abc import AsyncIterator

import pytest

from tests.support.redis_server import RedisServer
from tests.support.stores import KINDS, Kept, memory_store, shared_store


@pytest.fixture(params=KINDS)
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    """The tests that use it hold for every store."""
    if request.param == "memory":
        yield memory_store()
        return
    server: RedisServer = request.getfixturevalue("redis")
    async with (shared := shared_store(server)).store:
        yield shared
