"""Limits in tokens, money and requests in flight."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from llm_proxy.pipeline.errors import Fault, RateLimited, UpstreamBroken
from llm_proxy.pipeline.events import End, Event, Finish, Start, TextDelta, Usage
from llm_proxy.pipeline.exchange import Caller, Exchange
from llm_proxy.pipeline.grants import Grants, LimitOf
from llm_proxy.pipeline.limits import LIMITS
from llm_proxy.pipeline.reply import PROXY, Head, Reply
from llm_proxy.pipeline.trace import Attempt, Target
from llm_proxy.stages.rate_limit import RateLimit
from tests.support.redis_server import RedisServer
from tests.support.stages import Answer, Run, asking
from tests.support.stores import redis_store

DAY = "30d"
PRICE = {"m": {"input": 1_000_000, "output": 1_000_000}}


def using(tokens: int) -> list[Event]:
    """An answer after which so many have been used."""
    return [
        Start("id", "m", 1),
        TextDelta("x"),
        Finish("stop"),
        Usage(tokens - 1, 1),
        End(),
    ]


def run(
    *limits: dict[str, Any], answers: Sequence[Answer] = (), stage: str = "", **options: Any
) -> Run:
    """No other limits but these."""
    fields = {"default_limit": "none", "limits": limits, "prices": PRICE, **options}
    return Run(RateLimit, fields, answers, stage=stage)


def by(caller: str | Caller = "a", **request: Any) -> Exchange:
    """A request that may come to 6 + `max_tokens`."""
    who = caller if isinstance(caller, Caller) else Caller(caller)
    params = {"max_tokens": request.pop("max_tokens", 4)}
    return replace(asking("hello", params=params, **request), caller=who)


async def finished(one: Run, exchange: Exchange) -> None:
    async with await one(exchange) as reply:
        await reply.collect()


async def refused(one: Run, exchange: Exchange) -> RateLimited:
    before = len(one.seen)
    with pytest.raises(RateLimited) as caught:
        await one(exchange)
    assert before == len(one.seen)
    return caught.value


async def left(one: Run, exchange: Exchange | None = None) -> list[float]:
    """What the next request would be told."""
    async with await one(exchange or by()):
        pass
    return [limit.left for limit in one.seen[-1].fact(LIMITS) or ()]


TOKENS = {"of": "tokens", "most": 100, "window": DAY}
SLOTS = {"of": "in_flight", "most": 2}


async def test_tokens_are_counted_as_they_were_used() -> None:
    one = run(TOKENS, answers=[using(30), using(65), using(5)])
    await finished(one, by())
    await finished(one, by())
    error = await refused(one, by())
    assert "over 100 tokens in 2592000 s" == error.message
    assert ("tokens", 100, None) == (error.of, error.limit, error.fault)
    assert pytest.approx(5, abs=0.1) == error.left
    assert pytest.approx(5 * 25_920, rel=0.01) == error.retry_after
    assert pytest.approx(95 * 25_920, rel=0.01) == error.reset
    await finished(one, by("b"))


async def test_what_may_be_used_is_not_given_to_others_meanwhile() -> None:
    one = run(TOKENS, answers=[using(3)])
    replies = [await one(by(max_tokens=34)) for _ in range(2)]
    await refused(one, by(max_tokens=34))
    for reply in replies:
        await reply.collect()
        await reply.aclose()
    await finished(one, by(max_tokens=34))


async def test_one_request_may_ask_for_more_than_there_is_if_nothing_is_used() -> None:
    one = run(TOKENS, answers=[using(50)])
    await finished(one, by(max_tokens=4000))
    await refused(one, by(max_tokens=4000))
    await finished(one, by())


async def test_money_is_counted_in_dollars() -> None:
    one = run({"of": "money", "most": 100, "window": DAY}, answers=[using(95)])
    await finished(one, by())
    assert pytest.approx([5], abs=0.1) == [(await refused(one, by())).left]
    assert pytest.approx([100], abs=0.1) == await left(one, by("b"))


async def test_what_has_no_price_is_not_counted_and_that_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "llm_proxy")
    one = run({"of": "money", "most": 1, "window": DAY}, answers=[using(95)], prices={})
    for _ in range(5):
        await finished(one, by())
    told = ["a model has no price: limits of money do not count it"]
    assert told == [record.message for record in caplog.records]


async def test_requests_in_flight_are_counted_until_their_answer_is_over() -> None:
    one = run(SLOTS)
    replies = [await one(by()) for _ in range(2)]
    error = await refused(one, by())
    assert "over 2 requests at once" == error.message
    assert ("in_flight", 1.0, 0) == (error.of, error.retry_after, error.left)
    await replies[0].aclose()
    await one(by())
    await refused(one, by())


async def test_a_request_that_fails_holds_and_costs_nothing() -> None:
    one = run(TOKENS, SLOTS, answers=[UpstreamBroken("x")])
    for _ in range(20):
        with pytest.raises(UpstreamBroken):
            await one(by())
    one.answers = [using(1)]
    assert [100, 1] == await left(one)


async def test_a_client_that_leaves_holds_nothing_and_pays_for_what_was_read() -> None:
    one, begun = run(TOKENS, SLOTS), asyncio.Event()

    async def hang(exchange: Exchange) -> Reply:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            target = Target("b", "m")
            exchange.trace.attempts.append(Attempt(target, "cancelled", 1, "cancelled"))
        raise AssertionError

    asked = asyncio.create_task(one.stage(by(), hang))
    await begun.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert [94, 1] == await left(one)


async def test_what_the_proxy_says_itself_costs_no_tokens() -> None:
    one = run(TOKENS, answers=[lambda _: Reply.of(Head(PROXY, "m"), using(90))])
    for _ in range(9):
        await finished(one, by())
    assert pytest.approx([100], abs=0.1) == await left(one)


async def test_to_count_tokens_is_free() -> None:
    one = run(TOKENS, answers=[using(90)])
    for _ in range(3):
        await finished(one, by(counts_only=True))
    assert [None] * 3 == [exchange.fact(LIMITS) for exchange in one.seen]


async def test_all_limits_are_told_and_what_is_only_expected_is_no_use_of_them() -> None:
    one = run(
        TOKENS, SLOTS, {"of": "money", "most": 9, "window": 5, "per": "all"}, default_limit=60
    )
    await finished(one, by())
    (told,) = one.seen
    names = ["requests", "tokens", "requests at once", "US dollars of all"]
    limits = told.fact(LIMITS) or ()
    assert names == [limit.name for limit in limits]
    assert [59, 100, 1, 9] == [limit.left for limit in limits]
    assert [(60, 60), (100, 2_592_000), (2, 0), (9, 5)] == [
        (one.most, one.seconds) for one in limits
    ]
    ((_, decision),) = told.trace.decisions
    assert decision == (
        "59 of 60 requests left; 100 of 100 tokens left; 1 of 2 requests at once left; "
        "9 of 9 US dollars of all left"
    )


async def test_one_that_is_over_takes_nothing_of_the_others() -> None:
    of_all = {"of": "requests", "per": "all", "most": 2, "window": DAY}
    one = run(TOKENS, SLOTS, of_all, answers=[using(99)])
    await finished(one, by())
    for _ in range(5):
        assert "tokens" == (await refused(one, by())).of
    await finished(one, by("b"))


async def test_the_longest_wait_is_told() -> None:
    short = {"of": "requests", "most": 1, "window": "1m"}
    one = run(short, {**short, "per": "all", "window": "1h"})
    await finished(one, by())
    assert "over 1 requests of all in 3600 s" == (await refused(one, by())).message


async def test_a_callers_own_limits_count() -> None:
    grants = Grants(limits=(LimitOf("requests", 2, 60), LimitOf("in_flight", 1, 0, per="tenant")))
    one = run(default_limit=60)
    first, second = (Caller(name, "acme", grants) for name in ("a", "b"))
    held = await one(by(first))
    assert "in_flight" == (await refused(one, by(second))).of
    await held.aclose()
    await finished(one, by(first))
    assert "requests" == (await refused(one, by(first))).of
    await finished(one, by(second))


async def test_of_several_the_first_counts_a_callers_own_limits() -> None:
    grants = Grants(limits=(LimitOf("requests", 2, 60),))
    first, second = (run(SLOTS, stage=stage) for stage in ("first", "second"))
    who = by(Caller("a", "", grants))
    for _ in range(2):
        await finished(first, who)
        await finished(second, first.seen[-1])
    names = [limit.name for limit in second.seen[-1].fact(LIMITS) or ()]
    assert ["requests at once", "requests", "requests at once"] == names
    await refused(first, who)
    await finished(second, who)


async def test_behind_what_chooses_targets_a_limit_is_a_fault_of_the_target() -> None:
    one = run({"of": "requests", "per": "backend", "most": 1, "window": DAY})
    await finished(one, by().at(Target("x", "m")))
    error = await refused(one, by().at(Target("x", "other")))
    assert (Fault.BUSY, "over 1 requests per backend in 2592000 s") == (error.fault, error.message)
    await finished(one, by().at(Target("y", "m")))


async def test_without_any_limit_nothing_is_asked() -> None:
    one = run()
    await finished(one, by())
    assert [None] == [exchange.fact(LIMITS) for exchange in one.seen]
    assert [] == one.seen[0].trace.decisions


@pytest.mark.parametrize(
    ("limits", "expected"), [((), 1), ((SLOTS,), 2), ((TOKENS, SLOTS, {**TOKENS, "per": "all"}), 2)]
)
async def test_the_store_is_asked_once_before_and_once_after_at_most(
    redis: RedisServer, limits: Sequence[dict[str, Any]], expected: int
) -> None:
    async with redis_store(redis) as store, Redis.from_url(redis.url) as raw:
        fields = {"limits": limits, "prices": PRICE}
        one = Run(RateLimit, fields, [using(5)], store=store)
        await finished(one, by())  # by now the server knows the scripts
        await raw.config_resetstat()
        for _ in range(10):
            await finished(one, by())
        commands = await raw.info("commandstats")
        asked = {name: one["calls"] for name, one in commands.items() if "config" not in name}
        assert 10 * expected == asked["cmdstat_evalsha"]
        assert "cmdstat_eval" not in asked
