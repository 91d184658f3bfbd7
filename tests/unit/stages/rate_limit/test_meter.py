"""How many tokens a request comes to."""

import asyncio
from collections.abc import Sequence
from unittest.mock import Mock

import pytest

from llm_proxy.pipeline.errors import Unavailable, UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    ReasoningDelta,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.reply import PROXY, Head, Reply
from llm_proxy.pipeline.trace import Attempt, Target, Trace
from llm_proxy.stages.rate_limit.asked import Asked
from llm_proxy.stages.rate_limit.meter import Meter
from tests.support.stages import said

TARGET = Target("b", "m")
START = Start("id", "m", 1)
INPUT = 50


def meter() -> Meter:
    return Meter(Mock(spec=Asked, expected=Usage(INPUT, 1000)))


async def counted(events: Sequence[Event], backend: str = "b") -> Usage:
    """What an answer of these events has come to."""
    one = meter()
    reply = Reply.of(Head(backend, "m"), events).through(one)
    async for _ in reply:
        pass
    await reply.aclose()
    usage, target = one.after(reply)
    assert Target(backend, "m") == target
    return usage


async def test_the_last_count_is_what_it_came_to() -> None:
    real = Usage(12, 34, cached_tokens=5)
    events = [START, Usage(1, 1), TextDelta("x" * 900), Finish("stop"), real, End()]
    assert real == await counted(events)


async def test_without_a_count_it_is_estimated() -> None:
    events = [
        START,
        ReasoningDelta("x" * 10),
        TextDelta("x" * 10),
        RefusalDelta("x" * 10),
        ToolCallStart(0, "id", "x" * 5),
        ToolCallDelta(0, "x" * 6),
        Finish("stop"),
        End(),
    ]
    assert Usage(INPUT, 11) == await counted(events)


async def test_an_answer_that_breaks_has_come_to_what_came() -> None:
    broken = Failure(UpstreamBroken("x"))
    assert Usage(INPUT, 25) == await counted([START, TextDelta("x" * 100), broken])
    begun = Usage(9, 1, cached_tokens=3, cache_write_tokens=4)
    expected = Usage(9, 25, cached_tokens=3, cache_write_tokens=4)
    assert expected == await counted([START, begun, TextDelta("x" * 100), broken])
    assert Usage(9, 60) == await counted([START, Usage(9, 60), TextDelta("x" * 100), broken])


async def test_a_client_that_leaves_has_had_what_came() -> None:
    one = meter()

    async def source():  # type: ignore[no-untyped-def]  # noqa: ANN202
        yield [START, TextDelta("x" * 40)]
        yield [TextDelta("x" * 4000)]

    reply = Reply(Head("b", "m"), source()).through(one)
    await anext(reply)
    await reply.aclose()
    assert (Usage(INPUT, 10), TARGET) == one.after(reply)


async def test_what_the_proxy_says_itself_costs_nothing() -> None:
    assert Usage(0, 0) == await counted(said("a long list of commands"), PROXY)


async def test_what_is_given_again_costs_nothing() -> None:
    one = meter()
    async with Reply.of(Head("b", "m", replayed=True), said("hello")).through(one) as reply:
        await reply.collect()
    assert (Usage(0, 0), TARGET) == one.after(reply)


@pytest.mark.parametrize(
    ("attempts", "error", "expected"),
    [
        (["cancelled"], asyncio.CancelledError(), (Usage(INPUT, 0), TARGET)),
        (["rate_limited", "cancelled"], asyncio.CancelledError(), (Usage(INPUT, 0), TARGET)),
        (["rate_limited"], asyncio.CancelledError(), (Usage(0, 0), None)),
        ([], asyncio.CancelledError(), (Usage(0, 0), None)),
        (["overloaded"], Unavailable("x"), (Usage(0, 0), None)),
        (["cancelled"], Unavailable("x"), (Usage(0, 0), None)),
    ],
)
def test_without_an_answer_only_who_was_asked_may_have_read(
    attempts: list[str], error: BaseException, expected: tuple[Usage, Target | None]
) -> None:
    trace = Trace()
    trace.attempts += [Attempt(TARGET, "x", 0.1, reason) for reason in attempts]
    assert expected == meter().without_answer(error, trace)
