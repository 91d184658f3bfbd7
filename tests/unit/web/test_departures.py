import asyncio
from unittest.mock import Mock

import pytest
from aiohttp.test_utils import make_mocked_request

from llm_proxy.web.departures import Departures, has_left


def _transport(*, closing: bool = False) -> Mock:
    transport = Mock(spec=asyncio.Transport)
    transport.is_closing.return_value = closing
    return transport


async def _wait(departures: Departures, transport: Mock | None) -> None:
    watch_no_longer = departures.watch(make_mocked_request("GET", "/", transport=transport))
    try:
        await asyncio.Event().wait()
    finally:
        watch_no_longer()


async def test_a_task_is_cancelled_once_its_client_is_gone() -> None:
    departures, transport = Departures(0.005), _transport()
    waiting = asyncio.ensure_future(_wait(departures, transport))
    await asyncio.sleep(0.02)
    assert not waiting.done()

    transport.is_closing.return_value = True

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(waiting, 1)


async def test_only_the_task_of_the_client_that_left() -> None:
    departures = Departures(0.005)
    stays = asyncio.ensure_future(_wait(departures, _transport()))
    leaves = asyncio.ensure_future(_wait(departures, _transport(closing=True)))

    await asyncio.wait([leaves], timeout=1)

    assert leaves.cancelled()
    assert not stays.done()
    stays.cancel()


async def test_nothing_is_looked_at_when_nobody_waits() -> None:
    departures, transport = Departures(0.005), _transport()
    watch_no_longer = departures.watch(make_mocked_request("GET", "/", transport=transport))
    try:
        pass
    finally:
        watch_no_longer()
    await asyncio.sleep(0.02)
    calls = transport.is_closing.call_count

    await asyncio.sleep(0.02)

    assert transport.is_closing.call_count == calls
    assert departures._timer is None


async def test_looking_begins_anew_after_a_rest() -> None:
    departures = Departures(0.005)
    for _ in range(2):
        leaves = asyncio.ensure_future(_wait(departures, _transport(closing=True)))
        await asyncio.wait([leaves], timeout=1)
        assert leaves.cancelled()


@pytest.mark.parametrize("closing", [True, False])
async def test_who_has_left(*, closing: bool) -> None:
    request = make_mocked_request("GET", "/", transport=_transport(closing=closing))
    assert closing == has_left(request)
    request.protocol.transport = None
    assert has_left(request)
