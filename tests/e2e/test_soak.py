"""Thousands of requests, good, failing and left, after which nothing is left behind."""

import asyncio
import random
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.process import Server
from tests.support.until import until
from tests.support.vendor import HELLO, Connection, Vendor, by_request, streamed

ROUNDS = 10
REQUESTS = 1000
AT_ONCE = 50

CONFIG = """
[server]
max_concurrent_requests = 1000
[pipelines.default]
stages = ["observe", "auth", "rate_limit", "session", "commands", "loop_detection", "transform",
          "failover", "dispatch"]
[stages.rate_limit]
default_limit = 1000000
[stages.failover]
between_events_timeout = "200ms"
total_timeout = "200ms"
backoff = "10ms"
longest_backoff = "50ms"
[stages.failover.breaker]
cooldown = "20ms"
[stages.failover.routes.mixed]
attempts = [{{ backend = "vendor", model = "a" }}, {{ backend = "local", model = "echo" }}]
[backends.local]
pace = "10ms"
[backends.vendor]
type = "openai"
api_url = "{url}"
"""

MODELS = [
    "local:echo",
    "local:slow",
    "local:cut",
    "local:loop",
    "local:hang",
    "local:error-503",
    "mixed",
    "vendor:m",
]


async def _sometimes_broken(at: Connection) -> None:
    dice = random.random()
    if dice < 0.1:
        at.reset()
        raise ConnectionResetError
    if dice < 0.3:
        await streamed(HELLO[: random.randrange(5)], ends=random.choice(["cut", "reset"]))(at)
    else:
        await by_request(at)


async def _one(http: aiohttp.ClientSession) -> None:
    body: dict[str, Any] = {
        "model": random.choice(MODELS),
        "messages": [{"role": "user", "content": f"words {random.random()} and more of them"}],
        "stream": random.random() < 0.5,
    }
    patience = [0.05] if body["model"] == "local:hang" else [None, 0.001, 0.01, 0.05]
    try:
        async with asyncio.timeout(random.choice(patience)):
            async with http.post("/v1/chat/completions", json=body) as response:
                await response.read()
    except TimeoutError:
        return
    assert response.status in (200, 502, 503, 504), await response.text()


async def _round(url: str) -> None:
    async with aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=AT_ONCE)) as http:
        for _ in range(REQUESTS // AT_ONCE):
            await asyncio.gather(*(_one(http) for _ in range(AT_ONCE)))


@pytest.mark.long
async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    random.seed(1)
    config = tmp_path / "pipelines.toml"
    async with Vendor([_sometimes_broken]) as vendor:
        config.write_text(CONFIG.format(url=vendor.url), encoding="utf-8")
        with Server(config, {"LOG_LEVEL": "INFO"}) as server:
            memory: list[float] = []
            before = server.open_files()
            for _ in range(ROUNDS):
                await _round(server.url)
                # The pool keeps a few connections to the vendor; they end when they are idle.
                await until(lambda: server.open_files() <= before + AT_ONCE, 10)
                memory.append(server.megabytes())
            assert await asyncio.to_thread(server.stop) == 0
    assert memory[-1] < memory[ROUNDS // 2] * 1.05, memory
    assert not [line for line in server.raw_log if "Traceback" in line or "internal error" in line]
