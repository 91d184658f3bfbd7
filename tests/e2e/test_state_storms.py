"""Three replicas under load, whose clients leave and whose Redis stops, dies and comes back."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from tests.support.process import Server
from tests.support.redis_server import RedisServer

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
"""

BODY = {"model": "local:echo", "messages": [{"role": "user", "content": "hi"}]}

AWAY, BACK = "the shared state is away", "the shared state is back"


class Fleet:
    """Three replicas and somebody who asks them."""

    def __init__(self, replicas: list[Server], http: aiohttp.ClientSession) -> None:
        self.replicas = replicas
        self.http = http

    async def ask(self, number: int) -> int:
        url = self.replicas[number % 3].url
        async with self.http.post(f"{url}/v1/chat/completions", json=BODY) as response:
            await response.read()
            return response.status

    async def ask_and_leave(self, number: int, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.ask(number)
        except TimeoutError:
            pass

    async def load(self, until: asyncio.Event) -> Counter[int]:
        """The statuses of what thirty clients ask, one after the other, until then."""
        statuses: Counter[int] = Counter()

        async def client(number: int) -> None:
            while not until.is_set():
                statuses[await self.ask(number)] += 1

        await asyncio.gather(*(client(number) for number in range(30)))
        return statuses

    async def state(self, replica: Server) -> dict[str, Any]:
        async with self.http.get(f"{replica.url}/ready") as response:
            return dict((await response.json())["state"])

    async def all_ready(self, ready: bool) -> None:  # noqa: FBT001 - reads as a sentence
        async with asyncio.timeout(30):
            for replica in self.replicas:
                while (await self.state(replica))["ready"] != ready:  # noqa: ASYNC110 - HTTP
                    await asyncio.sleep(0.05)


@pytest.fixture
async def fleet(redis_on_disk: RedisServer, toml: Callable[[str], Path]) -> AsyncIterator[Fleet]:
    path = toml(CONFIG.format(url=redis_on_disk.url))
    headers = {"Authorization": "Bearer fake-key"}
    with ExitStack() as stack:
        replicas = [stack.enter_context(Server(path)) for _ in range(3)]
        async with aiohttp.ClientSession(
            headers=headers, connector=aiohttp.TCPConnector(limit=60)
        ) as http:
            yield Fleet(replicas, http)
        for replica in replicas:
            assert replica.stop() == 0
            assert not [line for line in replica.raw_log if "exc_info" in line]


async def level(redis: RedisServer) -> float:
    """How much of the limit is taken."""
    async with Redis.from_url(redis.url) as raw:
        (key,) = await raw.keys("llm-proxy:{limits}:*")
        return float((await raw.get(key)).split()[0])


async def test_clients_that_leave_leave_nothing_behind(
    fleet: Fleet, redis_on_disk: RedisServer
) -> None:
    chance = random.Random(7)
    clients = asyncio.Semaphore(60)

    async def leave(number: int) -> None:
        async with clients:
            await fleet.ask_and_leave(number, chance.uniform(0.001, 0.08))

    await asyncio.gather(*(leave(number) for number in range(10_000)))

    async with Redis.from_url(redis_on_disk.url) as raw:
        others = len(await raw.client_list()) - 1
    assert others <= 3 * 4
    before = await level(redis_on_disk)
    assert [200] * 30 == await asyncio.gather(*map(fleet.ask, range(30)))
    assert await level(redis_on_disk) - before == pytest.approx(30, abs=5)


@pytest.mark.parametrize(
    ("go", "come"),
    [(RedisServer.pause, RedisServer.resume), (RedisServer.kill, RedisServer.start)],
)
async def test_an_outage_under_load_fails_no_request_and_counts_recover(
    fleet: Fleet,
    redis_on_disk: RedisServer,
    go: Callable[[RedisServer], None],
    come: Callable[[RedisServer], None],
) -> None:
    over = asyncio.Event()
    load = asyncio.create_task(fleet.load(over))
    await asyncio.sleep(0.2)
    go(redis_on_disk)
    await fleet.all_ready(False)
    come(redis_on_disk)
    await fleet.all_ready(True)
    over.set()
    assert {200} == set(await load)

    before = await level(redis_on_disk)
    assert [200] * 30 == await asyncio.gather(*map(fleet.ask, range(30)))
    assert await level(redis_on_disk) - before == pytest.approx(30, abs=5)
    for replica in fleet.replicas:
        await asyncio.to_thread(replica.wait_for, BACK)
        changes = [entry["message"] for entry in replica.log if entry["message"] in (AWAY, BACK)]
        assert [AWAY, BACK] == changes
