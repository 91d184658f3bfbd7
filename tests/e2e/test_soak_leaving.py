"""Thousands of clients that leave at any moment, after which nothing is left behind."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from llm_proxy.web import Edge
from tests.support.faulty import FaultyVendors
from tests.support.inside import Inside
from tests.support.runner import RunnerServer
from tests.support.soaking import Question, Tally

AT_ONCE = 40
LONGEST_PATIENCE = 0.03
KNOWN_AFTER = 200

CONFIG = """
[server]
max_concurrent_requests = 150
on_disconnect = "{on_disconnect}"
drain_timeout = "500ms"
heartbeat = "20ms"
[pipelines.default]
stages = ["observe", "auth", "rate_limit", "session", "commands", "loop_detection", "transform",
          "failover", "dispatch"]
[stages.rate_limit]
default_limit = 1000000
[stages.failover]
policy = "weighted"
sticky = true
first_event_timeout = "300ms"
between_events_timeout = "200ms"
total_timeout = "2s"
backoff = "20ms"
longest_backoff = "50ms"
resume = true
[stages.failover.breaker]
failures = 20
cooldown = "50ms"
[stages.failover.hedging]
percentile = 20
at_least = "1ms"
budget = 1
[stages.failover.routes.m]
attempts = [{attempts}]
[backends]
default_backend = "one"
"""

PLACES = """
max_concurrent_requests = 15
max_waiting = 20
longest_queue_wait = "50ms"
"""

MOMENTS = ("before the body", "before the answer", "in the answer")

Post = Callable[..., Any]


def _config(vendors: FaultyVendors, on_disconnect: str) -> str:
    text = CONFIG.format(attempts=vendors.attempts, on_disconnect=on_disconnect)
    return text + vendors.tables(PLACES)


async def _hesitating(body: bytes) -> AsyncIterator[bytes]:
    """A body that breaks off in its middle."""
    yield body[: len(body) // 2]
    await asyncio.Event().wait()


async def _leave(http: Any, number: int) -> str:
    """Ask and leave; where that was."""
    question = Question.by_chance(number)
    leave = random.choices([_before_the_body, _in_the_answer, _at_any_moment], [1, 3, 6])[0]
    headers = {"Content-Type": "application/json", "x-session-id": f"session-{number}"}
    try:
        async with asyncio.timeout(10):
            return await leave(partial(http.post, question.path, headers=headers), question)
    except aiohttp.ClientConnectionError:
        return "refused"


async def _before_the_body(post: Post, question: Question) -> str:
    data = _hesitating(orjson.dumps(question.body))
    try:
        async with asyncio.timeout(_patience()), post(data=data):
            return "answered without a question"
    except TimeoutError:
        return "before the body"


async def _in_the_answer(post: Post, question: Question) -> str:
    question = replace(question, stream=True)
    async with post(json=question.body) as response:
        await response.content.readany()
        await asyncio.sleep(_patience())
        is_over = response.content.at_eof() or response.content._eof
        response.close()
    return "too late" if is_over else "in the answer"


async def _at_any_moment(post: Post, question: Question) -> str:
    begun = False
    try:
        async with asyncio.timeout(_patience()), post(json=question.body) as response:
            begun = True
            await response.read()
    except TimeoutError:
        return "in the answer" if begun else "before the answer"
    return "too late"


def _patience() -> float:
    return random.uniform(0, LONGEST_PATIENCE)


async def _many(ask: Callable[[int], Awaitable[str]], requests: int, at_once: int) -> Counter[str]:
    """What came of so many requests."""
    slots = asyncio.Semaphore(at_once)

    async def one(number: int) -> str:
        async with slots:
            return await ask(number)

    return Counter(await asyncio.gather(*(one(number) for number in range(requests))))


async def _stay(http: Any, vendors: FaultyVendors, number: int) -> str:
    question = Question.by_chance(number)
    return await question.ask(http, vendors.texts(question.marker))


async def _soak(
    aiohttp_client: Any,
    toml: Callable[[str], Path],
    requests: int,
    on_disconnect: str,
    *,
    cancels: bool = True,
) -> None:
    random.seed(1)
    async with FaultyVendors(faultiness=0.0, speaker="nobody") as vendors:
        edge = Edge(toml(_config(vendors, on_disconnect)), {})
        server = RunnerServer(edge.application(), handler_cancellation=cancels)
        http = await aiohttp_client(server, connector=aiohttp.TCPConnector(limit=AT_ONCE))
        inside = Inside(edge, vendors)
        stay = partial(_stay, http, vendors)
        with Tally() as tally:
            # So that it is known how long the targets take, and who is late.
            assert {"answer": KNOWN_AFTER} == await _many(stay, KNOWN_AFTER, 10)
            vendors.faultiness, vendors.pause = 0.3, 0.02
            left = await _many(partial(_leave, http), requests, AT_ONCE)
            await inside.is_empty(but="tasks")
            vendors.faultiness = vendors.pause = 0.0
            assert {"answer": 20} == await _many(stay, 20, 1)
            await http.session.close()
            await inside.is_empty()
            assert not inside.alive()
            kept, most = inside.remembered
    print(dict(left), dict(vendors.faults), dict(tally.messages))  # noqa: T201 - to be read with -s
    assert [] == tally.bad
    assert min(left[where] for where in MOMENTS) > requests / 50, left
    assert set(left) <= {*MOMENTS, "too late"}, left
    assert tally.messages["no answer yet, another target is asked too"] > requests / 50
    assert tally.messages["request"] - KNOWN_AFTER > requests / 3
    assert kept <= most


@pytest.mark.long
async def test_of_ten_thousand_who_leave_nothing_stays(
    aiohttp_client: Any, toml: Callable[[str], Path]
) -> None:
    await _soak(aiohttp_client, toml, 10_000, "cancel")


@pytest.mark.long
@pytest.mark.parametrize("cancels", [True, False], ids=["own runner", "an embedder's runner"])
async def test_of_a_thousand_drained_answers_nothing_stays(
    aiohttp_client: Any, toml: Callable[[str], Path], *, cancels: bool
) -> None:
    await _soak(aiohttp_client, toml, 1000, "drain", cancels=cancels)


@pytest.mark.parametrize(("on_disconnect", "cancels"), [("cancel", True), ("drain", False)])
async def test_of_a_few_nothing_stays(
    aiohttp_client: Any, toml: Callable[[str], Path], on_disconnect: str, *, cancels: bool
) -> None:
    await _soak(aiohttp_client, toml, 300, on_disconnect, cancels=cancels)
