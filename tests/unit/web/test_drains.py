import asyncio
from unittest.mock import Mock

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from llm_proxy.pipeline.trace import Trace
from llm_proxy.web.drains import Drains
from tests.support.until import until

LONG = 30.0


class Work:
    """Work for a request, which lasts until it may end; and the handler that waits for it."""

    def __init__(self, drains: Drains, limit: float = LONG) -> None:
        self.trace = Trace()
        self.may_end = asyncio.Event()
        self.outcome = "open"
        self.transport = Mock(spec=asyncio.Transport)
        self.transport.is_closing.return_value = False
        request: web.Request = make_mocked_request("POST", "/", transport=self.transport)
        self.handler = asyncio.ensure_future(drains.run(self._work(), request, self.trace, limit))

    async def _work(self) -> str:
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.outcome = "cancelled"
            raise
        self.outcome = "complete"
        return "done"

    async def leave(self) -> None:
        """The client goes, and the handler hears of it."""
        self.transport.is_closing.return_value = True
        await self.cancel()

    async def cancel(self) -> None:
        await asyncio.sleep(0)
        self.handler.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.handler


async def test_who_stays_gets_the_result() -> None:
    work = Work(Drains())
    work.may_end.set()
    assert "done" == await work.handler
    assert {} == work.trace.notes


async def test_work_goes_on_where_the_client_leaves() -> None:
    drains = Drains()
    work = Work(drains)
    await work.leave()
    assert "open" == work.outcome
    assert {"drained": True} == work.trace.notes

    work.may_end.set()
    await until(lambda: work.outcome == "complete")
    await until(lambda: not drains._tasks)


async def test_but_not_for_ever() -> None:
    work = Work(Drains(), limit=0.01)
    await work.leave()
    await until(lambda: work.outcome == "cancelled")


async def test_another_cancellation_ends_the_work() -> None:
    work = Work(Drains())
    await work.cancel()
    assert "cancelled" == work.outcome
    assert {} == work.trace.notes


async def test_nothing_new_is_drained_while_the_server_ends() -> None:
    drains = Drains()
    drains.end_within(LONG)
    work = Work(drains)
    await work.leave()
    assert "cancelled" == work.outcome
    assert {} == work.trace.notes


async def test_the_end_waits_for_what_is_drained() -> None:
    drains = Drains()
    work = Work(drains)
    await work.leave()
    drains.end_within(LONG)
    asyncio.get_running_loop().call_later(0.01, work.may_end.set)
    await drains.aclose()
    assert "complete" == work.outcome


@pytest.mark.parametrize("within", [0.01, None])
async def test_the_end_waits_no_longer_than_it_was_told(within: float | None) -> None:
    drains = Drains()
    before = asyncio.all_tasks()
    work = Work(drains)
    await work.leave()
    if within:
        drains.end_within(within)
    await drains.aclose()
    assert "cancelled" == work.outcome
    assert before == asyncio.all_tasks()


async def test_an_end_that_is_cancelled_leaves_nothing_behind() -> None:
    drains = Drains()
    work = Work(drains)
    await work.leave()
    drains.end_within(LONG)
    closing = asyncio.ensure_future(drains.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert "cancelled" == work.outcome


async def test_without_drains_the_end_is_at_once() -> None:
    await Drains().aclose()
