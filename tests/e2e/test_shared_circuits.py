"""What one server process finds out of a target, the others know."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp

from llm_proxy.pipeline.circuits import LOOK_EVERY
from tests.support.process import Server
from tests.support.redis_server import RedisServer

CONFIG = """
[state]
url = "{url}"
timeout = "10s"
[pipelines.default]
stages = ["observe", "auth", "failover", "dispatch"]
[stages.failover]
max_tries = 1
total_timeout = "200ms"
[stages.failover.breaker]
failures = 2
cooldown = "60s"
"""


async def _ask(http: aiohttp.ClientSession) -> int:
    body = {"model": "local:error-503", "messages": [{"role": "user", "content": "hi"}]}
    async with http.post("/v1/chat/completions", json=body) as response:
        return response.status


async def _left_alone(http: aiohttp.ClientSession) -> Any:
    async with http.get("/ready") as response:
        return (await response.json())["backends"]["local"].get("circuits", {})


async def test_what_one_replica_leaves_alone_all_do(
    redis: RedisServer, toml: Callable[[str], Path]
) -> None:
    path = toml(CONFIG.format(url=redis.url))
    with ExitStack() as stack:
        one, other = [stack.enter_context(Server(path)) for _ in range(2)]
        async with (
            aiohttp.ClientSession(one.url) as first,
            aiohttp.ClientSession(other.url) as second,
        ):
            assert [await _ask(first), await _ask(first)] == [503, 503]
            for _ in range(100):
                if await _left_alone(second):
                    break
                await asyncio.sleep(LOOK_EVERY / 5)
            assert "error-503" in str(await _left_alone(second))
            assert await _ask(second) == 503
        assert other.wait_for("a circuit has changed")["reason"] == "told by another process"
        assert other.wait_for("request")["attempts"] == 0
