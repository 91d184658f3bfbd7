"""A server process that reads an answer on though its client has left, and is then told to stop."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import orjson
import pytest

from tests.support.process import Server

CONFIG = """
[pipelines.default]
stages = ["observe", "dispatch"]
[server]
on_disconnect = "drain"
shutdown_timeout = "{patience}"
[backends.local]
pace = "100ms"
"""


@pytest.mark.parametrize(
    ("model", "patience", "outcome"), [("slow", "20s", "complete"), ("stall", "100ms", "abandoned")]
)
async def test_the_end_waits_for_a_drain(
    toml: Callable[[str], Path], model: str, patience: str, outcome: str
) -> None:
    body = {
        "model": f"local:{model}",
        "messages": [{"role": "user", "content": "a b c d e"}],
        "stream": True,
    }
    with Server(toml(CONFIG.format(patience=patience))) as server:
        async with (
            aiohttp.ClientSession(server.url) as http,
            http.post("/v1/chat/completions", json=body) as response,
        ):
            assert 200 == response.status
            response.close()
        await asyncio.sleep(0.1)
        assert 0 == await asyncio.to_thread(server.stop)

    lines = [orjson.loads(line) for line in server.raw_log]
    messages = [line["message"].partition(":")[0] for line in lines]
    assert ["stopping", "request", "stopped"] == messages[-3:]
    assert (outcome, True) == (lines[-2]["outcome"], lines[-2]["drained"])
    assert (outcome == "complete") == (lines[-2]["tokens_used"] is not None)
