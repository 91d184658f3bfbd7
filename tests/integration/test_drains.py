"""With `on_disconnect = "drain"` an answer is read on where its client leaves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from llm_proxy.web import Edge
from tests.integration.conftest import CONFIG, STAGES
from tests.support.halting import halting, held
from tests.support.log_lines import request_lines
from tests.support.one_vendor import PATHS, STREAMED, asked
from tests.support.runner import RunnerServer
from tests.support.until import until
from tests.support.vendor import HELLO, Play, Vendor, by_request, hangs, streamed

DRAIN = '[server]\non_disconnect = "drain"\n'

RUNNERS = pytest.mark.parametrize(
    "cancels", [True, False], ids=["own runner", "an embedder's runner"]
)
EVERY_CLIENT = pytest.mark.parametrize("client_of", list(PATHS))


class Bench:
    """An edge in this process, the vendor behind it, and the one request that is made."""

    def __init__(self, edge: Edge, client: TestClient[Any, Any], vendor: Vendor) -> None:
        self.edge = edge
        self.client = client
        self.vendor = vendor

    def ask(self, client_of: str = "openai_chat", *, stream: bool = True) -> Any:
        path = (STREAMED if stream else PATHS)[client_of]
        return self.client.post(path, json=asked(client_of, stream=stream))

    async def leave(self, client_of: str = "openai_chat", *, stream: bool, reads: bool) -> None:
        """Ask, and leave once the vendor knows of it; with `reads`, once the answer has begun."""

        async def read() -> None:
            async with self.ask(client_of, stream=stream) as response:
                begun.set()
                await response.read()

        begun = asyncio.Event()
        asking = asyncio.ensure_future(read())
        await self.vendor.asked()
        if reads:
            await begun.wait()
        asking.cancel()
        await until(lambda: not self._handlers())

    def _handlers(self) -> object:
        assert self.edge._chat
        return self.edge._chat._departures._open

    def draining(self) -> int:
        """How many requests are in the works."""
        return len(self.edge._drains._tasks)


Begin = Callable[..., Awaitable[Bench]]


@pytest.fixture
async def begin(aiohttp_client: Any, toml: Callable[[str], Path]) -> AsyncIterator[Begin]:
    async with AsyncExitStack() as stack:

        async def begin(*plays: Play, more: str = "", **server: Any) -> Bench:
            vendor = await stack.enter_async_context(Vendor(plays))
            names = ", ".join(f'"{name}"' for name in STAGES)
            fields = {"stages": names, "patience": "20s", "total": "20s"}
            path = toml(CONFIG.format(url=vendor.url, more=DRAIN + more, tries=1, **fields))
            edge = Edge(path, {})
            client = await aiohttp_client(RunnerServer(edge.application(), **server))
            return Bench(edge, client, vendor)

        yield begin


def _line(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    (line,) = request_lines(caplog)
    return line


@RUNNERS
@EVERY_CLIENT
@pytest.mark.parametrize("stream", [True, False])
async def test_before_the_answer(
    begin: Begin, caplog: pytest.LogCaptureFixture, client_of: str, *, cancels: bool, stream: bool
) -> None:
    caplog.set_level("INFO")
    gate = asyncio.Event()
    bench = await begin(held(by_request, gate), handler_cancellation=cancels)
    await bench.leave(client_of, stream=stream, reads=False)
    assert not bench.vendor.gone.is_set()

    gate.set()
    await until(lambda: not bench.draining())

    line = _line(caplog)
    assert ("complete", 5, True) == (line["outcome"], line["tokens_used"], line["drained"])
    assert [] == [record for record in caplog.records if record.levelname == "ERROR"]


@RUNNERS
@EVERY_CLIENT
async def test_in_the_middle_of_a_stream(
    begin: Begin, caplog: pytest.LogCaptureFixture, client_of: str, *, cancels: bool
) -> None:
    caplog.set_level("INFO")
    gate = asyncio.Event()
    bench = await begin(halting(HELLO, 2, gate), handler_cancellation=cancels)
    await bench.leave(client_of, stream=True, reads=True)

    gate.set()
    await until(lambda: not bench.draining())

    line = _line(caplog)
    assert ("complete", 5, True) == (line["outcome"], line["tokens_used"], line["drained"])
    assert [] == [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_write_that_fails_before_the_leaving_is_noticed(
    begin: Begin, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where an embedder's runner tells nothing, and the connections are yet to be looked at."""
    caplog.set_level("INFO")
    gate = asyncio.Event()
    bench = await begin(halting(HELLO, 2, gate, pause=0.05), handler_cancellation=False)
    assert bench.edge._chat
    monkeypatch.setattr(bench.edge._chat._departures, "_interval", 60)

    async with bench.ask() as response:
        await response.content.readany()
        response.close()
    await asyncio.sleep(0.02)
    gate.set()
    await until(lambda: not bench.draining())

    line = _line(caplog)
    assert ("complete", 5, True) == (line["outcome"], line["tokens_used"], line["drained"])


async def test_who_stays_gets_everything(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    bench = await begin(by_request)
    async with bench.ask() as response:
        assert b"".join(HELLO) == await response.read()
    async with bench.ask(stream=False) as response:
        assert 200 == response.status
    await until(lambda: not bench.draining())
    lines = request_lines(caplog)
    assert [5, 5] == [line["tokens_used"] for line in lines]
    assert not [line for line in lines if "drained" in line]


@RUNNERS
@pytest.mark.parametrize(
    ("play", "stream", "reads", "outcome"),
    [
        (hangs, True, False, None),
        (hangs, False, False, None),
        (streamed(HELLO[:2], ends="stalls"), True, True, "abandoned"),
    ],
)
async def test_not_for_longer_than_the_limit(  # noqa: PLR0913 - what differs is given
    begin: Begin,
    caplog: pytest.LogCaptureFixture,
    play: Play,
    outcome: str | None,
    *,
    cancels: bool,
    stream: bool,
    reads: bool,
) -> None:
    caplog.set_level("INFO")
    bench = await begin(play, more='drain_timeout = "50ms"', handler_cancellation=cancels)
    await bench.leave(stream=stream, reads=reads)

    await bench.vendor.left()
    await until(lambda: not bench.draining())
    line = _line(caplog)
    assert (True, None) == (line["drained"], line["tokens_used"])
    assert outcome == line.get("outcome")


async def test_the_time_for_the_request_still_counts(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bench = await begin(hangs, more='request_timeout = "200ms"', handler_cancellation=True)
    await bench.leave(stream=True, reads=False)

    await bench.vendor.left()
    await until(lambda: not bench.draining())
    assert (504, True) == (_line(caplog)["status"], _line(caplog)["drained"])


async def test_it_keeps_its_place(begin: Begin) -> None:
    gate = asyncio.Event()
    bench = await begin(
        held(by_request, gate), more="max_concurrent_requests = 1", handler_cancellation=True
    )
    await bench.leave(stream=False, reads=False)
    async with bench.ask() as response:
        assert 503 == response.status

    gate.set()
    await until(lambda: not bench.draining())
    async with bench.ask() as response:
        assert 200 == response.status


async def test_a_reload_does_not_disturb(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    gate = asyncio.Event()
    bench = await begin(halting(HELLO, 2, gate), handler_cancellation=True)
    await bench.leave(stream=True, reads=True)
    generation = bench.edge._running()._current
    assert generation

    assert await bench.edge.reload()
    assert (True, 1) == (generation.retired, generation.requests)

    gate.set()
    await until(lambda: not bench.draining())
    assert "complete" == _line(caplog)["outcome"]
    assert 0 == generation.requests


async def test_the_end_of_the_server_waits_for_it(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    gate = asyncio.Event()
    bench = await begin(halting(HELLO, 2, gate), handler_cancellation=True)
    await bench.leave(stream=True, reads=True)

    asyncio.get_running_loop().call_later(0.05, gate.set)
    await bench.client.close()

    line = _line(caplog)
    assert ("complete", 5) == (line["outcome"], line["tokens_used"])


@RUNNERS
async def test_the_wait_at_the_end_is_bounded(begin: Begin, *, cancels: bool) -> None:
    before = asyncio.all_tasks()
    more = 'shutdown_timeout = "50ms"'
    bench = await begin(hangs, more=more, handler_cancellation=cancels)
    await bench.leave(stream=True, reads=False)

    await bench.client.close()

    assert not bench.draining()
    await bench.vendor.left()
    await until(lambda: not [task for task in asyncio.all_tasks() - before if _is_ours(task)])


def _is_ours(task: asyncio.Task[Any]) -> bool:
    return "tests/support" not in str(task.get_coro())


@pytest.mark.parametrize("stream", [True, False])
async def test_the_end_of_the_server_is_no_leaving(
    begin: Begin, caplog: pytest.LogCaptureFixture, *, stream: bool
) -> None:
    caplog.set_level("INFO")
    more = 'shutdown_timeout = "60s"'
    bench = await begin(hangs, more=more, handler_cancellation=True, shutdown_timeout=0.02)
    asking = asyncio.ensure_future(bench.ask(stream=stream).__aenter__())
    await bench.vendor.asked()

    await bench.client.server.close()

    assert not bench.draining()
    await bench.vendor.left()
    assert "drained" not in _line(caplog)
    await asyncio.gather(asking, return_exceptions=True)


async def test_a_body_that_is_not_whole_is_no_answer_to_wait_for(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bench = await begin(by_request, handler_cancellation=False)
    assert bench.client.port
    _, writer = await asyncio.open_connection("127.0.0.1", bench.client.port)
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n{"
    )
    await until(lambda: bool(bench.draining()))
    writer.close()
    await until(lambda: not bench.draining())
    assert [] == [record for record in caplog.records if record.levelname == "ERROR"]
    (line,) = request_lines(caplog, "request refused")
    assert "the client left before its request was whole" == line["error"]
