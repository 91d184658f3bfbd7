"""Several server processes over one Redis, and what is held there of their limits."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from redis.asyncio import Redis

from tests.support.process import Server

CLIENTS = 20


class Replicas:
    """Three processes, and clients that ask them in turn with one key, each over connections of its
    own."""

    def __init__(self, servers: Sequence[Server], clients: Sequence[aiohttp.ClientSession]) -> None:
        self.servers = servers
        self._clients = clients

    async def ask(self, number: int, model: str = "local:echo", **fields: Any) -> int:
        """The status, once the whole answer has come."""
        message = {"role": "user", "content": "hi"}
        body = {"model": model, "messages": [message], "max_tokens": 1, **fields}
        server = self.servers[number % len(self.servers)]
        client = self._clients[number % len(self._clients)]
        async with client.post(f"{server.url}/v1/chat/completions", json=body) as response:
            if response.status == 429:
                assert int(response.headers["Retry-After"]) > 0
            await response.read()
            return response.status


@asynccontextmanager
async def three_replicas(config: Path, key: str) -> AsyncIterator[Replicas]:
    """Until all of them are over, those that a test has killed among them."""
    headers = {"Authorization": f"Bearer {key}"}
    with ExitStack() as processes:
        servers = [processes.enter_context(Server(config)) for _ in range(3)]
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(aiohttp.ClientSession(headers=headers))
                for _ in range(CLIENTS)
            ]
            yield Replicas(servers, clients)


class Books:
    """The limits that stand on a Redis."""

    def __init__(self, raw: Redis) -> None:
        self._raw = raw

    async def held(self, what: str) -> int:
        """How many leases there are of limits whose names have `what` in them, and not over."""
        seconds, microseconds = await self._raw.time()
        now = seconds * 1_000_000 + microseconds
        keys = await self._raw.keys(f"*:{what}:*:leases")
        return sum([await self._raw.zcount(key, now, "inf") for key in keys])

    async def level(self, what: str) -> float:
        """How much is taken for good of the one limit of that name."""
        keys = await self._raw.keys(f"*:{what}:*")
        (key,) = [key for key in keys if not key.endswith(b":leases")]
        return float((await self._raw.get(key)).split()[0])

    async def becomes(self, what: str, expected: int, seconds: float = 20) -> None:
        """Wait until so many leases are held."""
        async with asyncio.timeout(seconds):
            while await self.held(what) != expected:  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(0.02)

    async def all_end_by_themselves(self) -> bool:
        """Whether every key there expires, so that nothing can stay locked."""
        for_ever = -1
        return all([await self._raw.pttl(key) != for_ever for key in await self._raw.keys("*")])
