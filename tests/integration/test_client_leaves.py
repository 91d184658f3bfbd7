"""When a client leaves, its upstream is closed at once and nothing is left behind."""

import asyncio
from typing import Any

import pytest

from tests.integration.conftest import Start
from tests.support.log_lines import request_lines
from tests.support.until import until
from tests.support.vendor import HELLO, Connection, Play, by_request, hangs, streamed


@pytest.mark.parametrize("cancels", [True, False], ids=["own runner", "an embedder's runner"])
@pytest.mark.parametrize("play", [hangs, streamed(HELLO[:2], ends="stalls")])
@pytest.mark.parametrize("stream", [True, False])
async def test_the_upstream_is_closed(
    start: Start, play: Play, *, cancels: bool, stream: bool
) -> None:
    bench = await start(play, handler_cancellation=cancels)

    asking = asyncio.ensure_future(_read(bench, stream=stream))
    await bench.vendor.asked()
    await asyncio.sleep(0.05)
    assert not bench.vendor.gone.is_set()
    asking.cancel()

    await bench.vendor.left(0.25)


async def test_the_log_tells(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    bench = await start(streamed(HELLO[:2], ends="stalls"), handler_cancellation=True)

    async with bench.ask(stream=True) as response:
        await response.content.readany()
        response.close()
    await bench.vendor.left(1)
    await until(lambda: "request" in caplog.messages)

    (line,) = request_lines(caplog)
    assert line["outcome"] == "abandoned"


async def test_the_slot_is_free_again(start: Start) -> None:
    bench = await start(
        hangs,
        by_request,
        more="[server]\nmax_concurrent_requests = 1",
        handler_cancellation=True,
    )

    asking = asyncio.ensure_future(_read(bench, stream=False))
    await bench.vendor.asked()
    asking.cancel()
    await bench.vendor.left(1)

    async with bench.ask() as response:
        assert response.status == 200


async def _read(bench: Any, *, stream: bool) -> None:
    async with bench.ask(stream=stream) as response:
        await response.read()


@pytest.mark.parametrize("stream", [True, False])
async def test_leaving_just_before_the_answer_is_written_is_no_error(
    start: Start, caplog: pytest.LogCaptureFixture, *, stream: bool
) -> None:
    async def late(at: Connection) -> None:
        await asyncio.sleep(0.03)
        await by_request(at)

    caplog.set_level("INFO")
    bench = await start(late, handler_cancellation=False)

    asking = asyncio.ensure_future(_read(bench, stream=stream))
    await bench.vendor.asked()
    asking.cancel()
    await until(lambda: "request" in caplog.messages)

    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
