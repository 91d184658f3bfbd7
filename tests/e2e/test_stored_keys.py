"""Keys that are made and revoked while three replicas are at work."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis

from llm_proxy.pipeline.circuits import LOOK_EVERY
from llm_proxy.pipeline.keys.keys import GOOD_FOR
from llm_proxy.server import main
from tests.support.process import Server
from tests.support.redis_server import RedisServer

CONFIG = """
[state]
url = "{url}"
timeout = "30s"
[pipelines.default]
stages = ["observe", "auth", "dispatch"]
[tenants.acme]
[tenants.other]
"""

BODY = {"model": "local:echo", "messages": [{"role": "user", "content": "hi"}]}


class Replicas:
    """Three processes, and the command that makes and revokes their keys."""

    def __init__(self, path: Path, http: aiohttp.ClientSession, urls: list[str]) -> None:
        self._path = path
        self._http = http
        self._urls = urls

    async def keys(self, *arguments: str) -> None:
        """Run the command beside the clients."""
        given = ["keys", *arguments, "--config", str(self._path)]
        assert await asyncio.to_thread(main, given) == 0

    async def statuses(self, key: str, times: int = 1) -> Counter[int]:
        """Of so many requests to each replica, all at once."""

        async def ask(url: str) -> int:
            headers = {"Authorization": f"Bearer {key}"}
            async with self._http.post(
                f"{url}/v1/chat/completions", json=BODY, headers=headers
            ) as response:
                await response.read()
                return response.status

        return Counter(await asyncio.gather(*map(ask, self._urls * times)))

    async def settled(self, key: str, status: int) -> None:
        """Wait until all replicas answer so, as each does a second later at the latest."""
        async with asyncio.timeout(10):
            while await self.statuses(key) != {status: 3}:  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(0.02)


@pytest.fixture
async def replicas(redis: RedisServer, toml: Callable[[str], Path]) -> AsyncIterator[Replicas]:
    path = toml(CONFIG.format(url=redis.url))
    with ExitStack() as stack:
        urls = [stack.enter_context(Server(path)).url for _ in range(3)]
        async with aiohttp.ClientSession() as http:
            yield Replicas(path, http, urls)


async def test_what_is_revoked_or_rotated_is_wrong_everywhere(
    replicas: Replicas, redis: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    await replicas.keys("create", "--tenant", "acme")
    await replicas.keys("create", "--tenant", "other")
    key, other = capsys.readouterr().out.split()
    id_ = key.split("-")[1]
    assert await replicas.statuses(key, 20) == {200: 60}

    await replicas.keys("rotate", id_)
    (rotated,) = capsys.readouterr().out.split()
    await replicas.settled(key, 401)
    assert await replicas.statuses(rotated) == {200: 3}

    await replicas.keys("revoke", id_)
    await replicas.settled(rotated, 401)
    assert await replicas.statuses(other) == {200: 3}
    async with Redis.from_url(redis.url) as raw:
        kept = [await raw.get(name) for name in await raw.keys("llm-proxy:key:*")]
    assert len(kept) == 1
    assert other.encode()[-43:] not in kept[0]


@pytest.mark.parametrize("is_right", [True, False])
async def test_however_many_come_with_a_key_it_is_looked_up_seldom(
    replicas: Replicas, redis: RedisServer, capsys: pytest.CaptureFixture[str], *, is_right: bool
) -> None:
    await replicas.keys("create", "--tenant", "acme")
    key = capsys.readouterr().out.strip()
    if not is_right:
        await replicas.keys("revoke", key.split("-")[1])
    async with Redis.from_url(redis.url) as raw:
        before = (await raw.info("commandstats")).get("cmdstat_get", {"calls": 0})["calls"]
        began = asyncio.get_running_loop().time()
        assert await replicas.statuses(key, 100) == {200 if is_right else 401: 300}
        seconds = asyncio.get_running_loop().time() - began
        after = (await raw.info("commandstats"))["cmdstat_get"]["calls"]
    looks = 1 + seconds / LOOK_EVERY  # at the circuits that replicas tell each other of
    assert after - before <= 3 * (1 + seconds / GOOD_FOR + looks)
