"""How long failover waits."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from llm_proxy.pipeline.errors import ProxyError, UpstreamTimeout
from llm_proxy.pipeline.events import Event
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.failover import Failover
from tests.support.stages import Run, asking, said, text_of
from tests.unit.stages.failover.routed import DOWN, TARGETS, routed, tried


async def forever(_: Exchange) -> Reply:
    await asyncio.Event().wait()
    raise AssertionError


async def test_an_attempt_that_shows_nothing_in_time_gives_way() -> None:
    run = routed(first_event_timeout="20ms")
    asked: list[Target | None] = []

    async def rest(exchange: Exchange) -> Reply:
        asked.append(exchange.target)
        return await forever(exchange) if len(asked) == 1 else Reply.of(Head("b", "m"), said("ok"))

    reply = await run.stage(asking(), rest)
    assert text_of(await reply.collect()) == "ok"
    assert TARGETS[:2] == asked


@pytest.mark.parametrize("option", ["first_event_timeout", "total_timeout"])
async def test_a_silence_is_told_as_a_timeout(option: str) -> None:
    run = Run(Failover, {option: "20ms"})
    with pytest.raises(UpstreamTimeout, match=r"no answer within 0\.02 s") as caught:
        await run.stage(asking(stream=True), forever)
    assert caught.value.status == 504


async def test_a_whole_answer_may_take_all_the_time_that_is_left_for_the_last_target() -> None:
    run = Run(Failover, {"first_event_timeout": "10ms", "total_timeout": "60ms", "max_tries": 1})
    with pytest.raises(UpstreamTimeout, match=r"no answer within 0\.06 s"):
        await run.stage(asking(stream=False), forever)


async def test_what_is_left_of_the_total_is_the_limit_of_an_attempt() -> None:
    run = routed(total_timeout=10, first_event_timeout=10)
    asked: list[Target | None] = []

    async def rest(exchange: Exchange) -> Reply:
        asked.append(exchange.target)
        run.clock.now += 4.99
        if len(asked) < 3:
            raise DOWN
        return await forever(exchange)

    with pytest.raises(UpstreamTimeout, match=r"within 0\.02 s"):
        await run.stage(asking(), rest)
    assert asked == TARGETS


async def test_after_the_total_no_other_target_is_asked() -> None:
    run = routed(total_timeout=10)

    async def rest(exchange: Exchange) -> Reply:
        run.clock.now += 11
        return await run._rest(exchange)

    run.answers = [DOWN, said("too late")]
    with pytest.raises(ProxyError):
        await run.stage(asking(), rest)
    assert TARGETS[:1] == tried(run)


async def test_a_cancelled_request_tries_nothing_more() -> None:
    run = routed()
    asked: list[Target | None] = []

    async def rest(exchange: Exchange) -> Reply:
        asked.append(exchange.target)
        return await forever(exchange)

    task = asyncio.ensure_future(run.stage(asking(), rest))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert TARGETS[:1] == asked


async def stalling() -> AsyncIterator[Sequence[Event]]:
    yield said("begun")[:2]
    await asyncio.Event().wait()


async def test_a_silence_in_the_middle_is_told_to_the_client_and_not_mended() -> None:
    run = routed(lambda _: Reply(Head("b", "m"), stalling()), between_events_timeout="20ms")
    reply = await run(asking())
    with pytest.raises(UpstreamTimeout, match=r"silent for 0\.02 s"):
        await reply.collect()
    assert reply.outcome == "failed"
    assert TARGETS[:1] == tried(run)
