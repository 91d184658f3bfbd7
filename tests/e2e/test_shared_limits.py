"""Server processes that count together."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import aiohttp

from tests.support.process import Server
from tests.support.redis_server import RedisServer

RUNS = 10
CLIENTS = 20
REQUESTS = 300
LIMIT = 100

CONFIG = """
[server]
max_concurrent_requests = 1000
[state]
url = "{url}"
timeout = "30s"
[pipelines.default]
stages = ["observe", "auth", "rate_limit", "session", "commands", "dispatch"]
[stages.auth]
api_keys = [{keys}]
[stages.rate_limit]
default_limit = {limit}
time_window = "30d"
"""

BODY = {"model": "local:echo", "messages": [{"role": "user", "content": "hi"}]}


async def _at_once(replicas: list[Server], key: str) -> Counter[int]:
    """The statuses of requests that all begin together, spread over clients and replicas."""
    headers = {"Authorization": f"Bearer {key}"}

    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(aiohttp.ClientSession(headers=headers))
            for _ in range(CLIENTS)
        ]

        async def ask(number: int) -> int:
            url = f"{replicas[number % len(replicas)].url}/v1/chat/completions"
            async with clients[number % CLIENTS].post(url, json=BODY) as response:
                if response.status == 429:
                    assert int(response.headers["Retry-After"]) > 25_000
                    assert "0" == response.headers["x-ratelimit-remaining-requests"]
                await response.read()
                return response.status

        return Counter(await asyncio.gather(*(ask(number) for number in range(REQUESTS))))


async def test_three_replicas_let_exactly_as_many_in_as_one(
    redis: RedisServer, toml: Callable[[str], Path]
) -> None:
    keys = [f"fake-key-{run}" for run in range(RUNS)]
    listed = ", ".join(f'"{key}"' for key in keys)
    path = toml(CONFIG.format(url=redis.url, keys=listed, limit=LIMIT))
    with ExitStack() as stack:
        replicas = [stack.enter_context(Server(path)) for _ in range(3)]
        runs = [await _at_once(replicas, key) for key in keys]
    assert [{200: LIMIT, 429: REQUESTS - LIMIT}] * RUNS == runs
