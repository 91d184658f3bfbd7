"""How much a caller may ask for."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from pydantic import ValidationError

from llm_proxy.pipeline.errors import RateLimited
from llm_proxy.pipeline.exchange import Caller, Exchange
from llm_proxy.pipeline.limits import LIMITS, Limit
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.stages.rate_limit import RateLimit, RateLimitOptions
from tests.support.clock import Clock
from tests.support.redis_server import RedisServer
from tests.support.stages import Run, asking, text_of
from tests.support.stores import redis_store

Wait = Callable[[float], None]

pytestmark = pytest.mark.usefixtures("wait")


@pytest.fixture
async def wait(monkeypatch: pytest.MonkeyPatch) -> Wait:
    """Moves the loop's clock, which the limiter's library reads."""
    now = 1000.0

    def move(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    return move


def by(name: str | None) -> Exchange:
    return replace(asking(), caller=Caller(name) if name else None)


async def refused(run: Run, exchange: Exchange) -> RateLimited:
    before = len(run.seen)
    with pytest.raises(RateLimited) as caught:
        await run(exchange)
    assert before == len(run.seen)
    return caught.value


async def test_as_many_as_the_limit_pass_at_once() -> None:
    run = Run(RateLimit, {"default_limit": 3, "time_window": 60})
    for _ in range(3):
        reply = await run(by("a"))
    assert text_of(await reply.collect()) == "ok"
    assert len(run.seen) == 3
    error = await refused(run, by("a"))
    assert (error.status, error.message) == (429, "over 3 requests in 60 s")
    assert (error.limit, error.reset) == (3, pytest.approx(60))


@pytest.mark.parametrize(
    ("limit", "window", "expected"), [(1, 60, 60), (3, 60, 20), (60, "1m", 1), (4, "2s", 0.5)]
)
async def test_retry_after_is_when_one_more_is_free(
    limit: int, window: float, expected: float
) -> None:
    run = Run(RateLimit, {"default_limit": limit, "time_window": window})
    for _ in range(limit):
        await run(by("a"))
    error = await refused(run, by("a"))
    assert error.retry_after == pytest.approx(expected)


async def test_retry_after_keeps_its_word(wait: Wait) -> None:
    run = Run(RateLimit, {"default_limit": 2, "time_window": 10})
    await run(by("a"))
    wait(1)
    await run(by("a"))
    told = (await refused(run, by("a"))).retry_after
    assert told == pytest.approx(4)
    assert told is not None
    wait(told - 0.01)
    assert (await refused(run, by("a"))).retry_after == pytest.approx(0.01)
    wait(0.011)
    await run(by("a"))
    assert len(run.seen) == 3


async def test_what_is_refused_costs_nothing() -> None:
    run = Run(RateLimit, {"default_limit": 1, "time_window": 10})
    await run(by("a"))
    for _ in range(5):
        error = await refused(run, by("a"))
    assert error.retry_after == pytest.approx(10)


async def test_it_refills_up_to_the_limit_and_no_further(wait: Wait) -> None:
    run = Run(RateLimit, {"default_limit": 3, "time_window": 60})
    for _ in range(3):
        await run(by("a"))
    wait(100_000)
    for _ in range(3):
        await run(by("a"))
    await refused(run, by("a"))
    assert len(run.seen) == 6


async def test_each_caller_has_a_share_of_its_own() -> None:
    run = Run(RateLimit, {"default_limit": 1})
    await run(by("a"))
    await run(by("b"))
    await refused(run, by("a"))
    await refused(run, by("b"))
    assert [exchange.caller for exchange in run.seen] == [Caller("a"), Caller("b")]


async def test_without_a_caller_all_share_one() -> None:
    run = Run(RateLimit, {"default_limit": 1})
    await run(by(None))
    await refused(run, by(None))
    await run(by("a"))
    assert len(run.seen) == 2


async def test_a_burst_at_once_never_passes_more_than_the_limit() -> None:
    run = Run(RateLimit, {"default_limit": 5})
    outcomes = await asyncio.gather(*(run(by("a")) for _ in range(20)), return_exceptions=True)
    assert len(run.seen) == 5
    assert sum(isinstance(outcome, RateLimited) for outcome in outcomes) == 15


async def test_two_stages_count_for_themselves_and_one_in_two_chains_does_not() -> None:
    store = MemoryStore(Clock())
    first, second, again = (
        Run(RateLimit, {"default_limit": 1}, store=store, stage=stage)
        for stage in ("first", "second", "first")
    )
    await first(by("a"))
    await second(by("a"))
    await refused(again, by("a"))


async def test_replicas_count_together(redis: RedisServer) -> None:
    async with redis_store(redis) as one, redis_store(redis) as other:
        runs = [Run(RateLimit, {"default_limit": 3}, store=store) for store in (one, other)]
        await runs[0](by("a"))
        await runs[1](by("a"))
        await runs[1](by("a"))
        for run in runs:
            assert (await refused(run, by("a"))).retry_after == pytest.approx(20, abs=2)


async def test_stages_behind_it_learn_what_is_left(wait: Wait) -> None:
    run = Run(RateLimit, {"default_limit": 3, "time_window": "1m"})
    for _ in range(2):
        await run(by("a"))
    await run(by("b"))
    wait(20)
    await run(by("a"))
    left = [2, 1, 2, 1]
    expected = [(Limit("requests", 3, n, 60.0),) for n in left]
    assert [exchange.fact(LIMITS) for exchange in run.seen] == expected
    told = [exchange.trace.decisions for exchange in run.seen]
    assert told == [[("", f"{n} of 3 requests left")] for n in left]


async def test_two_instances_each_tell_of_their_limit() -> None:
    first, second = Run(RateLimit, {"default_limit": 9}), Run(RateLimit, {"default_limit": 2})
    await first(by("a"))
    await second(first.seen[0])
    expected = (Limit("requests", 9, 8, 60.0), Limit("requests", 2, 1, 60.0))
    assert second.seen[0].fact(LIMITS) == expected


def test_it_stands_behind_what_finds_the_caller() -> None:
    assert frozenset({"caller"}) == RateLimit.requires


@pytest.mark.parametrize(
    "options", [{"default_limit": 0}, {"time_window": 0}, {"time_window": "soon"}, {"limit": 1}]
)
def test_a_limit_that_makes_no_sense_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RateLimitOptions.model_validate(options)
