"""Server processes that share their state."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.support.process import Server
from tests.support.redis_server import RedisServer

CONFIG = """
[state]
url = "{url}"
timeout = "10s"
[pipelines.default]
stages = ["observe", "auth", "session", "commands", "dispatch"]
"""


async def _answering_model(server: Server, text: str) -> str:
    body = {"model": "local:slow", "messages": [{"role": "user", "content": text}]}
    headers = {"x-session-id": "the same"}
    async with (
        aiohttp.ClientSession(server.url, headers=headers) as http,
        http.post("/v1/chat/completions", json=body) as response,
    ):
        assert response.status == 200
        return response.headers["x-llm-proxy-model"]


async def test_what_one_replica_is_told_the_other_knows(
    redis: RedisServer, toml: Callable[[str], Path]
) -> None:
    path = toml(CONFIG.format(url=redis.url))
    with ExitStack() as stack:
        one, other = [stack.enter_context(Server(path)) for _ in range(2)]
        assert "slow" == await _answering_model(other, "hi")
        await _answering_model(one, "!/model(local:echo)")
        assert "echo" == await _answering_model(other, "hi")
    assert not [entry for server in (one, other) for entry in server.log if "ERROR" in str(entry)]


SERVE = ["-m", "llm_proxy.server", "serve", "--config", "{path}", "--port", "{port}"]
WORKER = "from llm_proxy.server import _worker; _worker('{path}', '127.0.0.1', {port})"


@pytest.mark.parametrize("command", [SERVE, [*SERVE, "--workers", "2"], ["-c", WORKER]])
def test_without_its_redis_it_does_not_start(
    redis: RedisServer, toml: Callable[[str], Path], command: list[str]
) -> None:
    redis.kill()
    path = toml(CONFIG.format(url=redis.url.replace("//", "//:fake-secret@")))
    ended = subprocess.run(
        [sys.executable, *(word.format(path=path, port=redis.port) for word in command)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert 1 == ended.returncode
    assert f"state.url: 127.0.0.1:{redis.port} cannot be used: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "fake-secret" not in ended.stderr
