"""Stages in a chain."""

import itertools
from collections.abc import Awaitable, Callable
from typing import Any, Self
from unittest.mock import Mock

import aiohttp
import pytest

from llm_proxy.pipeline.chain import Link, Pipeline
from llm_proxy.pipeline.errors import ConfigError, Unauthorized, UpstreamBroken
from llm_proxy.pipeline.events import End
from llm_proxy.pipeline.exchange import Caller, Client, Exchange
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.stage import Gate, Kit, Next, Stage, StageOptions
from llm_proxy.pipeline.state.memory import MemoryStore
from tests.support.clock import Clock
from tests.support.stages import asking

Act = Callable[[Exchange, Next], Awaitable[Reply]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


def kit(clock: Clock) -> Kit:
    return Kit(Mock(spec=aiohttp.ClientSession), MemoryStore(clock), clock=clock)


def answer() -> Reply:
    return Reply.of(Head("b", "m"), [End()])


async def answers(_exchange: Exchange, _call_next: Next) -> Reply:
    return answer()


async def calls_on(exchange: Exchange, call_next: Next) -> Reply:
    return await call_next(exchange)


class Step(Stage[StageOptions]):
    """Takes `seconds` before and after what it does."""

    def __init__(self, clock: Clock, act: Act = calls_on, seconds: float = 0) -> None:
        super().__init__(StageOptions(), kit(clock))
        self._clock, self._act, self._seconds = clock, act, seconds

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        self._clock.now += self._seconds
        try:
            return await self._act(exchange, call_next)
        finally:
            self._clock.now += self._seconds


def chain(**steps: Stage[Any]) -> Pipeline:
    return Pipeline("default", [Link(name, step) for name, step in steps.items()])


async def test_the_first_stage_sees_the_request_first_and_the_answer_last(clock: Clock) -> None:
    log: list[str] = []

    def logs(name: str) -> Step:
        async def act(exchange: Exchange, call_next: Next) -> Reply:
            log.append(f"{name} asked")
            reply = await call_next(exchange)
            log.append(f"{name} answered")
            return reply

        return Step(clock, act)

    await chain(a=logs("a"), b=logs("b"), c=Step(clock, answers))(asking())
    assert ["a asked", "b asked", "b answered", "a answered"] == log


def test_a_chain_is_written_as_in_the_file(clock: Clock) -> None:
    assert "default: a → b" == str(chain(a=Step(clock), b=Step(clock)))


async def test_a_stage_may_answer_early(clock: Clock) -> None:
    early = answer()

    async def act(_exchange: Exchange, _call_next: Next) -> Reply:
        return early

    exchange = asking()
    assert early is await chain(a=Step(clock), b=Step(clock, act), c=Step(clock))(exchange)
    assert ["b", "a"] == [name for name, _ in exchange.trace.stages]


async def test_the_second_call_does_not_see_the_edits_of_the_first(clock: Clock) -> None:
    asked: list[tuple[str, object]] = []

    async def retries(exchange: Exchange, call_next: Next) -> Reply:
        try:
            return await call_next(exchange)
        except UpstreamBroken:
            return await call_next(exchange)

    async def edits(exchange: Exchange, call_next: Next) -> Reply:
        request = exchange.request
        asked.append((request.model, request.params.get("seed")))
        request = request.with_param("seed", len(asked))
        return await call_next(exchange.with_request(request))

    async def breaks_once(exchange: Exchange, _call_next: Next) -> Reply:
        asked.append(("sent", exchange.request.params["seed"]))
        if len(asked) == 2:
            raise UpstreamBroken("cut")
        return answer()

    pipeline = chain(a=Step(clock, retries), b=Step(clock, edits), c=Step(clock, breaks_once))
    await pipeline(asking())
    assert [("m", None), ("sent", 1), ("m", None), ("sent", 3)] == asked


async def test_the_trace_has_the_time_of_each_stage_without_what_it_called(clock: Clock) -> None:
    exchange = asking()
    steps = {"a": Step(clock, seconds=1), "b": Step(clock, seconds=2)}
    await chain(**steps, c=Step(clock, answers, 4))(exchange)
    assert [("c", 8), ("b", 4), ("a", 2)] == exchange.trace.stages
    assert [("a", 2), ("b", 4), ("c", 8)] == list(exchange.trace.own_seconds().items())


async def test_the_trace_has_the_time_of_a_stage_that_fails(clock: Clock) -> None:
    async def breaks(_exchange: Exchange, _call_next: Next) -> Reply:
        raise UpstreamBroken("cut")

    exchange = asking()
    with pytest.raises(UpstreamBroken, match=r"^cut$"):
        await chain(a=Step(clock, seconds=1), b=Step(clock, breaks, 2))(exchange)
    assert [("b", 4), ("a", 2)] == exchange.trace.stages


async def twice(exchange: Exchange, call_next: Next) -> Reply:
    await call_next(exchange)
    return await call_next(exchange)


async def test_the_times_of_a_stage_called_twice_are_summed(clock: Clock) -> None:
    exchange = asking()
    await chain(a=Step(clock, twice, 1), b=Step(clock, seconds=2), c=Step(clock, answers, 4))(
        exchange
    )
    assert [("a", 2), ("b", 8), ("c", 16)] == list(exchange.trace.own_seconds().items())


async def test_own_times_are_right_where_the_first_attempt_ended_early(clock: Clock) -> None:
    attempts = itertools.count()

    async def second_time(exchange: Exchange, call_next: Next) -> Reply:
        return await call_next(exchange) if next(attempts) else answer()

    exchange = asking()
    steps = {"a": Step(clock, twice, 1), "b": Step(clock, second_time, 2)}
    await chain(**steps, c=Step(clock, answers, 4))(exchange)
    assert [("a", 2), ("b", 8), ("c", 8)] == list(exchange.trace.own_seconds().items())


async def test_own_times_are_right_where_a_stage_stands_twice(clock: Clock) -> None:
    exchange = asking()
    links = [Link("a", Step(clock, seconds=1)), Link("a", Step(clock, seconds=2))]
    await Pipeline("default", [*links, Link("c", Step(clock, answers, 4))])(exchange)
    assert {"a": 6, "c": 8} == exchange.trace.own_seconds()


async def test_a_last_stage_that_calls_on_is_a_mistake(clock: Clock) -> None:
    with pytest.raises(AssertionError, match=r"^the last stage of a chain called on$"):
        await chain(a=Step(clock))(asking())


# --- opening and closing -------------------------------------------------------------------------


class Opens(Step):
    """Writes to `log` when it opens and closes; `fails` at "+" or at "-"."""

    def __init__(self, name: str, log: list[str], fails: str = "") -> None:
        super().__init__(Clock())
        self._name, self._log, self._fails = name, log, fails

    def _do(self, what: str) -> None:
        self._log.append(what + self._name)
        if what == self._fails:
            raise OSError(self._name)

    async def __aenter__(self) -> Self:
        self._do("+")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._do("-")


async def test_stages_open_in_order_and_close_in_reverse() -> None:
    log: list[str] = []
    async with chain(a=Opens("a", log), b=Opens("b", log), c=Opens("c", log)) as pipeline:
        assert "default" == pipeline.name
        assert ["+a", "+b", "+c"] == log
    assert ["+a", "+b", "+c", "-c", "-b", "-a"] == log


async def test_where_a_stage_fails_to_open_those_before_it_close() -> None:
    log: list[str] = []
    stages = {"a": Opens("a", log), "b": Opens("b", log), "c": Opens("c", log, fails="+")}
    with pytest.raises(ConfigError, match=r"^a stage does not start: OSError: c$"):
        async with chain(**stages, d=Opens("d", log)):
            raise AssertionError
    assert ["+a", "+b", "+c", "-b", "-a"] == log


async def test_where_a_stage_fails_to_close_the_others_still_close() -> None:
    log: list[str] = []
    with pytest.raises(OSError, match=r"^b$"):
        async with chain(a=Opens("a", log), b=Opens("b", log, fails="-"), c=Opens("c", log)):
            log.clear()
    assert ["-c", "-b", "-a"] == log


# --- admit ---------------------------------------------------------------------------------------


class Door(Gate[StageOptions]):
    def __init__(self, key: str) -> None:
        super().__init__(StageOptions(), kit(Clock()))
        self._key = key

    async def admit(self, client: Client) -> Caller:
        if self._key not in (client.credential or ""):
            raise Unauthorized(self._key)
        return Caller(self._key)


async def test_every_gate_is_asked_and_no_other_stage(clock: Clock) -> None:
    pipeline = chain(a=Step(clock), first=Door("1"), b=Step(clock), second=Door("2"))
    assert pipeline.is_guarded
    assert await pipeline.admit(Client(credential="12")) == Caller("2")
    for credential, refused_by in [("2", "1"), ("1", "2"), (None, "1")]:
        with pytest.raises(Unauthorized, match=f"^{refused_by}$"):
            await pipeline.admit(Client(credential=credential))


async def test_a_chain_without_a_gate_admits_anybody(clock: Clock) -> None:
    pipeline = chain(a=Step(clock))
    assert not pipeline.is_guarded
    assert await pipeline.admit(Client()) is None
