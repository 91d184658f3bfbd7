"""Limits that are held on a Redis which goes away under load and comes back, empty or not."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.support.redis_server import RedisServer
from tests.support.replicas import Books, Replicas, three_replicas

pytestmark = pytest.mark.long

CONFIG = """
[server]
max_concurrent_requests = 1000
[state]
url = "{url}"
timeout = "2s"
[pipelines.default]
stages = ["observe", "auth", "rate_limit", "session", "commands", "failover", "dispatch"]
[stages.auth]
api_keys = ["fake-key"]
[stages.rate_limit]
default_limit = 1000000
time_window = "30d"
lease = "2s"
limits = [
  {{ of = "tokens", most = 1000000, window = "30d" }},
  {{ of = "in_flight", most = 1000 }},
]
"""


async def load(replicas: Replicas, over: asyncio.Event) -> Counter[int]:
    """The statuses of what thirty clients ask, one after the other, until then."""
    statuses: Counter[int] = Counter()

    async def client(number: int) -> None:
        while not over.is_set():
            statuses[await replicas.ask(number)] += 1

    await asyncio.gather(*map(client, range(30)))
    return statuses


@pytest.mark.parametrize(
    ("go", "come"),
    [(RedisServer.pause, RedisServer.resume), (RedisServer.kill, RedisServer.start)],
    ids=["hangs", "restarts empty"],
)
async def test_counts_recover_and_nothing_stays_held(
    redis: RedisServer,
    toml: Callable[[str], Path],
    go: Callable[[RedisServer], None],
    come: Callable[[RedisServer], None],
) -> None:
    over = asyncio.Event()
    async with three_replicas(toml(CONFIG.format(url=redis.url)), "fake-key") as replicas:
        asked = asyncio.create_task(load(replicas, over))
        await asyncio.sleep(0.2)
        go(redis)
        for server in replicas.servers:
            await asyncio.to_thread(server.wait_for, "the shared state is away")
        come(redis)
        for server in replicas.servers:
            await asyncio.to_thread(server.wait_for, "the shared state is back")
        over.set()
        assert {200} == set(await asked)

        async with Redis.from_url(redis.url) as raw:
            books = Books(raw)
            for name in ("in_flight", "tokens"):
                await books.becomes(name, 0)
            before = await books.level("tokens")
            assert [200] * 30 == [await replicas.ask(number) for number in range(30)]
            assert 0 == await books.held("in_flight")
            assert pytest.approx(60, abs=1) == await books.level("tokens") - before
            assert await books.all_end_by_themselves()
