"""A changed file takes over without losing a request."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_proxy.web import Edge, generations
from tests.support.plugins import Plugins
from tests.support.until import until

FILE = """
[pipelines.default]
serves = ["{path}"]
stages = ["observe", "auth", "dispatch"]
[backends.local]
pace = "50ms"
"""


def _ask(client: Any, path: str, model: str = "local:echo") -> Any:
    body = {"model": model, "messages": [{"role": "user", "content": "a b c d"}]}
    return client.post(path, json=body)


@pytest.fixture
async def edge(toml: Callable[[str], Path]) -> Edge:
    return Edge(toml(FILE.format(path="/v1/chat/completions")), {})


async def test_a_new_file_serves_new_paths(
    edge: Edge, aiohttp_client: Any, toml: Callable[[str], Path]
) -> None:
    client = await aiohttp_client(edge.application())
    toml(FILE.format(path="/new/chat/completions"))

    assert await edge.reload()

    async with _ask(client, "/new/chat/completions") as response:
        assert response.status == 200
    async with _ask(client, "/v1/chat/completions") as response:
        assert response.status == 404


async def test_a_bad_file_is_refused_and_the_old_one_goes_on(
    edge: Edge, aiohttp_client: Any, toml: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    client = await aiohttp_client(edge.application())
    toml('[pipelines.default]\nstages = ["dispach"]')

    assert not await edge.reload()

    assert 'did you mean "dispatch"?' in str(vars(caplog.records[-1])["problems"])
    async with _ask(client, "/v1/chat/completions") as response:
        assert response.status == 200


NAME = '"no_disk:Opens"'
NO_DISK = """
from llm_proxy.pipeline import Stage
class Opens(Stage):
    async def __aenter__(self): raise OSError("no such disk")
    async def __call__(self, exchange, call_next): return await call_next(exchange)
"""


@pytest.fixture
def _no_disk(plugins: Plugins) -> None:
    plugins.module("no_disk", NO_DISK)


@pytest.mark.usefixtures("_no_disk")
@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO])
async def test_a_stage_that_does_not_open_is_told_in_a_line_and_the_old_file_goes_on(
    level: int,
    edge: Edge,
    aiohttp_client: Any,
    toml: Callable[[str], Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(level)
    client = await aiohttp_client(edge.application())
    toml('[pipelines.default]\nstages = ["no_disk:Opens", "dispatch"]')

    assert not await edge.reload()

    (told,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert vars(told)["problems"] == [
        f"pipelines.toml:2: stages.{NAME}: the stage {NAME} does not start: OSError: no such disk"
    ]
    assert bool(told.exc_info) == (level == logging.DEBUG), "a traceback for who looks closer"
    async with _ask(client, "/v1/chat/completions") as response:
        assert response.status == 200


async def test_requests_in_flight_end_on_the_chain_they_began(
    edge: Edge, aiohttp_client: Any, toml: Callable[[str], Path]
) -> None:
    client = await aiohttp_client(edge.application())
    slow = asyncio.ensure_future(_ask(client, "/v1/chat/completions", "local:slow").__aenter__())
    await asyncio.sleep(0.08)
    toml(FILE.format(path="/new/chat/completions"))

    assert await edge.reload()

    response = await slow
    assert response.status == 200
    assert (await response.json())["choices"][0]["message"]["content"] == "a b c d"


async def test_a_change_of_the_file_is_noticed(
    edge: Edge,
    aiohttp_client: Any,
    toml: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(generations, "LOOK_EVERY", 0.01)
    client = await aiohttp_client(edge.application())
    await asyncio.sleep(0.03)
    toml(FILE.format(path="/new/chat/completions"))

    await until(lambda: "configuration reloaded" in caplog.messages)
    async with _ask(client, "/new/chat/completions") as response:
        assert response.status == 200


async def test_what_needs_a_restart_is_told(
    edge: Edge, aiohttp_client: Any, toml: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    await aiohttp_client(edge.application())
    more = '[server]\nport = 1\nmax_concurrent_requests = 5\n[logging]\nlevel = "DEBUG"\n'
    more += '[state]\nurl = "redis://127.0.0.1:1"\n'
    toml(FILE.format(path="/v1/chat/completions") + more)

    assert await edge.reload()

    (line,) = [r for r in caplog.records if r.message == "some changes need a restart"]
    assert vars(line)["keys"] == ["server.port", "logging", "state"]
