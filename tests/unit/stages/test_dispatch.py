"""From a model's name to a backend, and the call."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from llm_proxy.pipeline.backend import Backend
from llm_proxy.pipeline.errors import (
    Fault,
    Forbidden,
    ProxyError,
    Unavailable,
    UpstreamBroken,
    UpstreamUnavailable,
)
from llm_proxy.pipeline.events import End, Event, Failure, KeepAlive, Start, TextDelta
from llm_proxy.pipeline.exchange import Caller, Exchange
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.stage import View
from llm_proxy.pipeline.trace import Attempt, Target
from llm_proxy.stages.dispatch import Dispatch
from tests.support.clock import Clock
from tests.support.stages import Run, asking, said, text_of

Send = Callable[[Exchange], Awaitable[Reply]]
START = Start("id", "m", 1)


class Fake(Backend[Any]):
    """Does what a test says, and keeps what it was asked and how often an answer was closed."""

    def __init__(self, name: str, send: Send | Sequence[Event] | None = None) -> None:
        super().__init__(name, self.Options(), Mock())
        self.asked: list[str] = []
        self.closed = 0
        self._send = send or said("ok")

    async def send(self, exchange: Exchange, model: str) -> Reply:
        self.asked.append(model)
        if callable(self._send):
            reply = await self._send(exchange)
        else:
            reply = Reply.of(Head(self.name, model), self._send)
        return reply.on_close(self._close)

    def _close(self) -> None:
        self.closed += 1

    async def models(self) -> list[str]:
        return []


def over(*backends: Fake, off: Sequence[str] = (), **kit: Any) -> Run:
    on = {backend.name: backend for backend in backends}
    why = dict.fromkeys(off, "no api_key")
    return Run(Dispatch, backends=on, off=why, default_backend="local", **kit)


@pytest.mark.parametrize(
    ("model", "backend", "asked"),
    [
        ("openai:gpt-4", "openai", "gpt-4"),
        ("gpt-4", "local", "gpt-4"),
        ("openai/gpt-4", "local", "openai/gpt-4"),
        ("llama3:8b", "local", "llama3:8b"),
        ("openai:llama3:8b", "openai", "llama3:8b"),
        ("openai:openai:x", "openai", "openai:x"),
        ("openai:", "local", "openai:"),
        (":x", "local", ":x"),
        ("OpenAI:x", "local", "OpenAI:x"),
        ("openai: x", "openai", " x"),
        ("local:echo", "local", "echo"),
    ],
)
async def test_a_name_says_where_it_goes(model: str, backend: str, asked: str) -> None:
    backends = Fake("local"), Fake("openai")
    exchange = asking(model=model)
    reply = await over(*backends)(exchange)
    assert Head(backend, asked) == reply.head
    assert {backend: [asked]} == {fake.name: fake.asked for fake in backends if fake.asked}
    assert Target(backend, asked) == exchange.trace.attempts[0].target


async def test_a_target_set_before_wins_over_the_name() -> None:
    local, openai = Fake("local"), Fake("openai")
    await over(local, openai)(asking(model="local:echo").at(Target("openai", "a:b")))
    assert (local.asked, openai.asked) == ([], ["a:b"])


@pytest.mark.parametrize("model", ["openai:gpt-4", "openai:a:b"])
async def test_a_backend_that_is_off_is_not_available(model: str) -> None:
    local = Fake("local")
    exchange = asking(model=model)
    with pytest.raises(Unavailable) as caught:
        await over(local, off=["openai"])(exchange)
    assert caught.value.status == 503
    assert caught.value.message == 'the backend "openai" is off: no api_key'
    assert (local.asked, exchange.trace.attempts) == ([], [])


async def test_a_default_backend_that_is_off_is_not_available() -> None:
    with pytest.raises(Unavailable, match='"local" is off'):
        await over(Fake("openai"), off=["local"])(asking())


async def test_it_never_calls_on() -> None:
    run = over(Fake("local"))
    await run(asking())
    assert run.seen == []
    assert Dispatch.last


async def test_an_answer_comes_whole_though_its_beginning_was_waited_for() -> None:
    events = [START, KeepAlive(), TextDelta("a"), End()]

    async def source() -> AsyncIterator[Sequence[Event]]:
        for event in events:
            yield [event]

    async def send(_: Exchange) -> Reply:
        return Reply(Head("local", "m"), source())

    local = Fake("local", send)
    reply = await over(local)(asking())
    assert events == await reply.collect()
    assert local.closed == 0
    await reply.aclose()
    assert local.closed == 1


async def test_an_attempt_is_recorded_with_its_time_to_the_first_content() -> None:
    clock = Clock()

    async def source() -> AsyncIterator[Sequence[Event]]:
        clock.now += 2
        yield [START]
        clock.now += 3
        yield said("ok")[1:]

    async def send(_: Exchange) -> Reply:
        clock.now += 1
        return Reply(Head("local", "m"), source())

    exchange = asking()
    reply = await over(Fake("local", send), clock=clock)(exchange)
    assert [Attempt(Target("local", "m"), "ok", 6.0)] == exchange.trace.attempts
    assert text_of(await reply.collect()) == "ok"


async def test_a_refusal_is_recorded_and_raised_as_it_is() -> None:
    error = UpstreamUnavailable("overloaded", retry_after=3)

    async def send(_: Exchange) -> Reply:
        raise error

    exchange = asking()
    with pytest.raises(UpstreamUnavailable) as caught:
        await over(Fake("local", send))(exchange)
    assert error is caught.value
    assert [
        Attempt(Target("local", "m"), "overloaded", 0.0, "overloaded")
    ] == exchange.trace.attempts


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([START, Failure(UpstreamBroken("broke"))], "broke"),
        ([START], "the backend's answer ended before it began"),
        ([], "the backend's answer ended before it began"),
    ],
)
async def test_what_fails_before_its_first_content_is_raised_and_closed(
    events: list[Event], expected: str
) -> None:
    async def send(_: Exchange) -> Reply:
        return Reply.of(Head("local", "m"), events)

    local = Fake("local", send)
    exchange = asking()
    with pytest.raises(ProxyError) as caught:
        await over(local)(exchange)
    assert expected == caught.value.message
    assert local.closed == 1
    assert [
        Attempt(Target("local", "m"), expected, 0.0, "broken_answer")
    ] == exchange.trace.attempts


async def test_what_fails_after_its_first_content_is_no_longer_raised() -> None:
    failure = Failure(UpstreamBroken("broke"))
    local = Fake("local", [START, TextDelta("a"), failure])
    exchange = asking(stream=True)
    reply = await over(local)(exchange)
    assert [attempt.outcome for attempt in exchange.trace.attempts] == ["ok"]
    assert [START, TextDelta("a"), failure] == [event async for batch in reply for event in batch]


async def test_a_whole_answer_fails_up_to_its_end() -> None:
    local = Fake("local", [START, TextDelta("a"), Failure(UpstreamBroken("broke"))])
    exchange = asking(stream=False)
    with pytest.raises(UpstreamBroken, match="broke"):
        await over(local)(exchange)
    assert [attempt.outcome for attempt in exchange.trace.attempts] == ["broke"]


async def cancelled_while(local: Fake) -> Exchange:
    exchange = asking()
    task = asyncio.ensure_future(over(local)(exchange))
    await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return exchange


async def test_a_cancelled_call_is_recorded() -> None:
    async def send(_: Exchange) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    exchange = await cancelled_while(Fake("local", send))
    assert [Attempt(Target("local", "m"), "cancelled", 0.0, "cancelled")] == exchange.trace.attempts


async def test_a_call_cancelled_before_its_first_content_is_recorded_and_closed() -> None:
    async def source() -> AsyncIterator[Sequence[Event]]:
        yield [START]
        await asyncio.Event().wait()

    async def send(_: Exchange) -> Reply:
        return Reply(Head("local", "m"), source())

    local = Fake("local", send)
    exchange = await cancelled_while(local)
    assert [attempt.outcome for attempt in exchange.trace.attempts] == ["cancelled"]
    assert local.closed == 1


async def test_a_backend_with_a_defect_fails_like_any_other() -> None:
    async def breaks(_exchange: Exchange) -> Reply:
        raise ZeroDivisionError

    exchange = asking(model="m")
    with pytest.raises(UpstreamBroken, match='"local" is broken') as caught:
        await over(Fake("local", breaks))(exchange)
    assert caught.value.fault is Fault.BROKEN_ANSWER
    assert [attempt.outcome for attempt in exchange.trace.attempts] == ["ZeroDivisionError"]


def of(caller: Caller, **request: Any) -> Exchange:
    return replace(asking(**request), caller=caller)


@pytest.mark.parametrize("model", ["openai:gpt-4", "gpt-4", "local:gpt-4|local:echo"])
async def test_what_the_caller_may_not_ask_is_refused_before_anything_is_sent(model: str) -> None:
    run = over(Fake("local"), Fake("openai"))
    grants = Grants(models=("openai:gpt-4o", "echo"))
    exchange = of(Caller("c", "acme", grants), model=model)
    with pytest.raises(Forbidden) as caught:
        await run(exchange)
    target = run.stage.kit.target_of(model)
    assert caught.value.message == f'this key may not ask "{target}"'
    assert (caught.value.status, caught.value.param) == (403, "model")
    assert exchange.trace.attempts == []


async def test_a_target_that_a_stage_has_set_is_no_way_around() -> None:
    run = over(Fake("local"), Fake("openai"))
    exchange = of(Caller("c", "acme", Grants(models=("gpt-4",))), model="gpt-4")
    await run(exchange.at(Target("openai", "gpt-4")))
    with pytest.raises(Forbidden):
        await run(exchange.at(Target("openai", "o3")))
    with pytest.raises(Forbidden):
        await run(replace(exchange.at(Target("openai", "o3")), request=counting().request))


def counting() -> Exchange:
    return asking(model="gpt-4", counts_only=True)


async def test_a_tenants_own_backend_is_asked_for_it_and_for_nobody_else() -> None:
    shared, own = Fake("openai"), Fake("openai")
    views = {"acme": View({"openai": own}, {}, Mock()), "off": View({}, {"openai": "no"}, Mock())}
    run = over(shared, views=views)
    for caller in (Caller("a"), Caller("b", "other"), Caller("c", "acme")):
        await run(of(caller, model=f"openai:{caller.id}"))
    assert (shared.asked, own.asked) == (["a", "b"], ["c"])
    with pytest.raises(Unavailable, match='the backend "openai" is off: no'):
        await run(of(Caller("d", "off"), model="openai:d").at(Target("openai", "d")))
