"""Server processes that ask for the same only once."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.process import Server
from tests.support.redis_server import RedisServer
from tests.support.vendor import HELLO, Vendor, by_request, hangs, streamed

REQUESTS = 1000

CONFIG = """
[server]
max_concurrent_requests = 1000
[state]
url = "{redis}"
timeout = "{timeout}"
[pipelines.default]
stages = ["observe", "auth", "session", "commands", "transform", "cache", "failover", "dispatch"]
[stages.auth]
api_keys = "fake-key, another-fake-key"
[backends]
default_backend = "vendor"
[backends.vendor]
type = "openai"
api_url = "{vendor}"
api_key = "fake-vendor-key"
"""

BODY: dict[str, Any] = {
    "model": "m",
    "temperature": 0,
    "messages": [{"role": "user", "content": "hi"}],
}

Answer = tuple[int, str, str]
"""The status, what the header says of the cache, and the text."""

Begin = Callable[..., Any]


class Fleet:
    """Replicas before one vendor."""

    def __init__(self, replicas: list[Server], vendor: Vendor, http: aiohttp.ClientSession) -> None:
        self.replicas = replicas
        self.vendor = vendor
        self.http = http

    async def ask(self, replica: int = 0, key: str = "fake-key", **more: Any) -> Answer:
        url = f"{self.replicas[replica].url}/v1/chat/completions"
        headers = {"Authorization": f"Bearer {key}"}
        async with self.http.post(url, json={**BODY, **more}, headers=headers) as response:
            text = await response.text()
            return response.status, response.headers["x-llm-proxy-cache"], text


@pytest.fixture
async def begin(redis: RedisServer, toml: Callable[[str], Path]) -> AsyncIterator[Begin]:
    """`await begin(play, …, replicas=3)`: that many processes, the vendor with these plays."""
    async with AsyncExitStack() as stack:

        async def start(*plays: Any, replicas: int, patience: str = "30s") -> Fleet:
            vendor = await stack.enter_async_context(Vendor(plays))
            path = toml(CONFIG.format(redis=redis.url, vendor=vendor.url, timeout=patience))
            servers = [stack.enter_context(Server(path)) for _ in range(replicas)]
            http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
            return Fleet(servers, vendor, await stack.enter_async_context(http))

        yield start


async def test_a_thousand_at_once_are_one_for_the_vendor(begin: Begin) -> None:
    fleet = await begin(streamed(HELLO, pause=0.05), replicas=3)
    answers = await asyncio.gather(
        *(fleet.ask(number % 3, stream=number % 2 == 0) for number in range(REQUESTS))
    )
    assert {200: REQUESTS} == Counter(status for status, _, _ in answers)
    assert {"miss": 1, "hit": REQUESTS - 1} == Counter(cache for _, cache, _ in answers)
    assert all("Hel" in text for _, _, text in answers)
    assert 1 == len(fleet.vendor.requests)


async def test_each_key_has_its_own_over_all_replicas(begin: Begin) -> None:
    fleet = await begin(by_request, replicas=2)
    keys = ("fake-key", "another-fake-key")
    asked = [await fleet.ask(replica, key) for key in keys for replica in (0, 1)]
    assert ["miss", "hit"] * 2 == [cache for _, cache, _ in asked]
    assert 2 == len(fleet.vendor.requests)


async def test_when_the_replica_in_charge_is_killed_the_next_takes_over(begin: Begin) -> None:
    fleet = await begin(hangs, by_request, replicas=3)
    lost = asyncio.create_task(fleet.ask(0))
    await fleet.vendor.asked()
    waiting = [asyncio.create_task(fleet.ask(1 + number % 2)) for number in range(20)]
    await asyncio.sleep(0.2)
    assert 1 == len(fleet.vendor.requests)
    fleet.replicas[0].stop(signal.SIGKILL)
    with pytest.raises(aiohttp.ClientError):
        await lost
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*waiting)
    assert {(200, "miss"): 1, (200, "hit"): 19} == Counter(answer[:2] for answer in answers)
    assert 2 == len(fleet.vendor.requests)


async def test_a_client_that_leaves_lets_the_next_one_ask(begin: Begin) -> None:
    fleet = await begin(hangs, by_request, replicas=2)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await fleet.ask(0)
    assert (200, "miss") == (await fleet.ask(1))[:2]
    assert 2 == len(fleet.vendor.requests)


async def test_without_redis_requests_go_on_and_nothing_is_kept(
    begin: Begin, redis: RedisServer
) -> None:
    fleet = await begin(by_request, replicas=1, patience="1s")
    assert ["miss", "hit"] == [(await fleet.ask())[1] for _ in "ab"]
    redis.kill()
    assert [(200, "miss")] * 2 == [(await fleet.ask())[:2] for _ in "ab"]
    redis.start()
    await asyncio.to_thread(fleet.replicas[0].wait_for, "the shared state is back")
    assert ["miss", "hit"] == [(await fleet.ask())[1] for _ in "ab"]
    assert 4 == len(fleet.vendor.requests)
