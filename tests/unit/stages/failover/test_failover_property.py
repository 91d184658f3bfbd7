"""Whatever the targets do: bounded tries, bounded time, and nothing left over."""

import asyncio
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from llm_proxy.pipeline.errors import (
    Fault,
    Kind,
    ProxyError,
    UpstreamBroken,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from llm_proxy.pipeline.trace import Target
from tests.support.sessions import Kept
from tests.support.stages import asking, text_of
from tests.support.targets import Farm, Turn, played

LATE = 0.05
"""Seconds by which a deadline may be passed."""

FAULTS = st.one_of(
    st.sampled_from(Fault).map(lambda fault: UpstreamBroken("x", fault=fault)),
    st.builds(UpstreamRateLimited, st.just("x"), retry_after=st.floats(0, 500) | st.none()),
    st.builds(UpstreamUnavailable, st.just("x"), retry_after=st.floats(0, 20) | st.none()),
    st.builds(UpstreamTimeout, st.just("x")),
    st.sampled_from(Kind).map(lambda kind: UpstreamRefused("x", kind, 400)),
)
SECONDS = st.sampled_from([0.0, 0.01, 0.5, 5.0, 30.0, 1000.0])
TURNS = st.one_of(
    FAULTS,
    st.builds(Turn, SECONDS, FAULTS),
    st.builds(Turn, SECONDS, st.none(), st.just("whole")),
    st.builds(Turn, SECONDS, st.none(), st.just("half"), FAULTS),
)
SCRIPTS = st.dictionaries(
    st.sampled_from("abcd"), st.lists(TURNS, min_size=1, max_size=4), min_size=1
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "policy": st.sampled_from(["ordered", "weighted", "least_busy", "fastest"]),
        "exhaust": st.sampled_from(["keys", "models"]),
        "sticky": st.booleans(),
        "max_tries": st.integers(1, 6),
        "total_timeout": st.sampled_from([0.2, 3.0, 60.0]),
        "first_event_timeout": st.sampled_from([0.1, 2.0, 40.0]),
        "on": st.dictionaries(
            st.sampled_from(Fault), st.sampled_from(["retry", "next_key", "next_target", "tell"])
        ),
        "hedging": st.just({"at_least": 0.05, "budget": 1.0}),
        "retry_budget": st.sampled_from([0.0, 1.0]),
        "breaker": st.builds(lambda n: {"failures": n, "cooldown": 20}, st.integers(1, 3)),
        "resume": st.booleans(),
    },
)


async def _asked(one: Farm, number: int, *, stream: bool) -> None:
    """One request: its calls and its time stay within their bounds, and it ends in one way."""
    exchange = asking(stream=stream)
    exchange = replace(exchange, session=Kept(id_=str(number % 2)).session)
    options = one.began().options
    loop = asyncio.get_running_loop()
    most = options.max_tries or max(3, len(one.scripts) * max(1, len(one.keys)))
    began = loop.time()
    try:
        reply = await one.ask(exchange)
    except ProxyError:
        assert loop.time() - began <= options.total_timeout + LATE
    else:
        assert loop.time() - began <= options.total_timeout + LATE
        async with reply:
            events = [event async for batch in reply for event in batch]
        if not options.resume:
            assert text_of(events) in ("whole", "half")
    assert len([r for r in one.requests if r.id == exchange.id]) <= most


@settings(max_examples=300, deadline=None)
@given(SCRIPTS, OPTIONS, st.sampled_from([(), ("1", "2")]), st.lists(st.booleans(), max_size=4))
def test_calls_and_time_are_bounded(
    scripts: dict[str, Any], options: dict[str, Any], keys: tuple[str, ...], streams: list[bool]
) -> None:
    one = Farm(scripts, options, keys)

    async def ask() -> None:
        one.began()
        asking_ = (_asked(one, n, stream=stream) for n, stream in enumerate(streams))
        await asyncio.gather(*asking_)
        health, retries = one.began().kit.health, one.began()._means.retries
        records = [health.of(target) for target in _targets(one)]
        assert [record.in_flight for record in records] == [0] * len(records)
        assert (retries.requests, retries.repetitions, one.open) == (0, 0, 0)
        assert not any(record.breaker._probing for record in records)

    played(ask())


def _targets(one: Farm) -> list[Target]:
    return [Target("x", model, key) for model in one.scripts for key in one.keys or ("",)]


@settings(max_examples=200, deadline=None)
@given(SCRIPTS, OPTIONS, SECONDS, st.booleans())
def test_who_leaves_at_any_moment_leaves_nothing(
    scripts: dict[str, Any],
    options: dict[str, Any],
    after: float,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    one = Farm(scripts, options)

    async def ask() -> None:
        one.began()
        task = asyncio.ensure_future(_asked(one, 0, stream=stream))
        await asyncio.sleep(after)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled() and (error := task.exception()):
            raise error
        records = [one.began().kit.health.of(target) for target in _targets(one)]
        assert [record.in_flight for record in records] == [0] * len(records)
        assert not any(record.breaker._probing for record in records)
        assert (one.began()._means.retries.repetitions, one.open) == (0, 0)

    played(ask())
