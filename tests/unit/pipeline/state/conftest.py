"""Every kind of store, and one that may be away."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from llm_proxy.pipeline.state.store import WhenAway
from tests.support.guarded import Begin, Bench
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


@pytest.fixture
async def begin() -> AsyncIterator[Begin]:
    benches: list[Bench] = []

    def bench(*when_away: WhenAway) -> Bench:
        benches.append(Bench(*when_away))
        return benches[-1]

    yield bench
    for one in benches:
        async with one.store:
            pass
    assert asyncio.all_tasks() == {asyncio.current_task()}
