"""How a reply ends: its closers, whatever happens."""

import asyncio
import logging
from typing import NoReturn

import pytest

from llm_proxy.pipeline.closing import Closer
from llm_proxy.pipeline.errors import StateAway, UpstreamBroken
from llm_proxy.pipeline.events import End, Event, Failure, TextDelta
from llm_proxy.pipeline.reply import Head, Reply

HEAD = Head("b", "m")


class Log(list[str]):
    """What ran, and closers that write it."""

    def sync(self, name: str) -> Closer:
        return lambda: self.append(name)

    def later(self, name: str) -> Closer:
        async def close() -> None:
            await asyncio.sleep(0)
            self.append(name)

        return close


@pytest.fixture
def log() -> Log:
    return Log()


async def test_the_upstream_is_closed_first_and_then_outwards(log: Log) -> None:
    reply = Reply(HEAD, None, log.later("upstream"))
    reply.on_close(log.sync("inner")).on_close(log.later("middle")).on_close(log.sync("outer"))
    await reply.aclose()
    assert ["upstream", "inner", "middle", "outer"] == log


async def test_closing_again_does_nothing(log: Log) -> None:
    reply = Reply(HEAD, None, log.later("upstream")).on_close(log.sync("outer"))
    await reply.aclose()
    await reply.aclose()
    assert ["upstream", "outer"] == log


async def test_two_who_close_at_once_close_once(log: Log) -> None:
    reply = Reply(HEAD, None, log.later("upstream")).on_close(log.later("outer"))
    await asyncio.gather(reply.aclose(), reply.aclose())
    assert ["upstream", "outer"] == log


def raises() -> NoReturn:
    raise OSError("no")


async def raises_later() -> NoReturn:
    raise OSError("no")


async def test_that_the_state_is_away_is_not_told_by_every_request(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    async def away() -> NoReturn:
        raise StateAway("gone")

    await Reply(HEAD, None).on_close(away).on_close(log.sync("outer")).aclose()
    assert (["outer"], []) == (log, caplog.records)


@pytest.mark.parametrize("bad", [raises, raises_later])
async def test_a_closer_that_fails_is_logged_and_keeps_no_other_from_running(
    bad: Closer, log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    reply = Reply(HEAD, None, log.sync("upstream")).on_close(bad).on_close(log.sync("outer"))
    await reply.aclose()
    assert ["upstream", "outer"] == log
    assert [(record.message, record.levelno) for record in caplog.records] == [
        ("closing an answer failed", logging.ERROR)
    ]


async def test_reading_to_the_end_closes_nothing_yet(log: Log) -> None:
    reply = Reply.of(HEAD, [End()]).on_close(log.sync("closed"))
    await reply.collect()
    assert [] == log


@pytest.mark.parametrize(
    ("last", "outcome"), [(End(), "complete"), (Failure(UpstreamBroken("cut")), "failed")]
)
async def test_an_answer_that_was_over_keeps_its_outcome(last: Event, outcome: str) -> None:
    reply = Reply.of(HEAD, [last])
    await anext(reply)
    await reply.aclose()
    assert outcome == reply.outcome


async def test_an_answer_closed_before_its_end_is_abandoned_and_its_closers_know(log: Log) -> None:
    reply = Reply.of(HEAD, [TextDelta("a"), End()])
    reply.on_close(lambda: log.append(reply.outcome))
    await reply.aclose()
    assert ["abandoned"] == log


async def test_a_closed_answer_says_nothing_more() -> None:
    reply = Reply.of(HEAD, [TextDelta("a"), End()])
    await reply.aclose()
    assert [] == [batch async for batch in reply]


async def test_leaving_the_context_closes(log: Log) -> None:
    async with Reply.of(HEAD, [End()]).on_close(log.sync("closed")) as reply:
        assert [] == log
    assert ["closed"] == log
    assert "abandoned" == reply.outcome


async def test_leaving_the_context_with_an_error_closes_and_keeps_the_error(log: Log) -> None:
    with pytest.raises(KeyError):
        async with Reply.of(HEAD, [End()]).on_close(log.later("closed")):
            raise KeyError
    assert ["closed"] == log


class Slow:
    """A closer in whose midst the test can act; it goes on 0.01 s after `let_go`."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.begun = asyncio.Event()
        self._may_end = asyncio.Event()

    async def __call__(self) -> None:
        self.begun.set()
        await self._may_end.wait()
        self._log.append("slow")

    def let_go(self) -> None:
        asyncio.get_running_loop().call_later(0.01, self._may_end.set)


async def cancelled_in_the_midst(reply: Reply, slow: Slow) -> None:
    closing = asyncio.create_task(reply.aclose())
    await slow.begun.wait()
    closing.cancel()
    slow.let_go()
    with pytest.raises(asyncio.CancelledError):
        await closing


async def test_every_closer_runs_to_its_end_though_the_caller_is_cancelled(log: Log) -> None:
    slow = Slow(log)
    reply = Reply(HEAD, None, slow).on_close(log.later("middle")).on_close(log.sync("outer"))
    await cancelled_in_the_midst(reply, slow)
    await asyncio.sleep(0.03)
    assert ["middle", "outer", "slow"] == sorted(log)


async def test_the_upstream_is_closed_first_also_when_the_caller_is_cancelled(log: Log) -> None:
    slow = Slow(log)
    await cancelled_in_the_midst(Reply(HEAD, None, slow).on_close(log.sync("outer")), slow)
    await asyncio.sleep(0.03)
    assert ["slow", "outer"] == log


async def test_a_closer_that_fails_does_not_swallow_the_cancellation(log: Log) -> None:
    slow = Slow(log)

    async def fails() -> None:
        await slow()
        raise OSError("no")

    await cancelled_in_the_midst(Reply(HEAD, None, fails).on_close(log.sync("outer")), slow)
    await asyncio.sleep(0.03)
    assert ["outer", "slow"] == sorted(log)


async def test_a_task_cancelled_while_it_reads_still_closes(log: Log) -> None:
    reading = asyncio.Event()

    class Stalls:
        def __aiter__(self) -> "Stalls":
            return self

        async def __anext__(self) -> list[Event]:
            reading.set()
            await asyncio.Event().wait()
            raise AssertionError

    async def relay() -> None:
        async with Reply(HEAD, Stalls(), log.later("upstream")).on_close(log.later("outer")) as at:
            await anext(at)

    task = asyncio.create_task(relay())
    await reading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["upstream", "outer"] == log
