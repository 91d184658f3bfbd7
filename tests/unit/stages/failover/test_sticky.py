"""A session stays with its target."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from llm_proxy.pipeline.errors import UpstreamRateLimited, UpstreamUnavailable
from tests.support.sessions import Kept
from tests.support.stages import asking, text_of
from tests.support.targets import Farm, Turn, played


async def ask(one: Farm, session: str | None = "s", model: str = "m") -> str:
    exchange = asking(model=model)
    if session:
        exchange = replace(exchange, session=Kept(id_=session).session)
    async with await one.ask(exchange) as reply:
        return text_of(await reply.collect())


def farm(**scripts: Any) -> Farm:
    return Farm(scripts, {"sticky": True})


def run(one: Farm, *sessions: str | None) -> list[str]:
    async def all_of_them() -> list[str]:
        return [await ask(one, session) for session in sessions]

    return played(all_of_them())


def test_a_session_stays_where_it_was_answered() -> None:
    one = farm(a=[UpstreamUnavailable("down"), Turn()], b=Turn())
    assert run(one, "s", "s", "s") == ["from x:b"] * 3
    assert one.asked == ["a", "b", "b", "b"]


def test_another_session_goes_its_own_way() -> None:
    one = farm(a=[UpstreamUnavailable("down"), Turn()], b=Turn())
    assert run(one, "s", "t", "s") == ["from x:b", "from x:a", "from x:b"]


def test_by_weight_a_session_stays_too() -> None:
    one = farm(a=Turn(), b=Turn(), c=Turn())
    one.options = {"sticky": True, "policy": "weighted"}
    assert len(set(run(one, *["s"] * 20))) == 1


def test_by_weight_sessions_are_spread() -> None:
    one = farm(a=Turn(), b=Turn())
    one.options = {"sticky": True, "policy": "weighted"}
    assert len(set(run(one, *map(str, range(60))))) == 2


def test_a_change_is_logged_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    limited = UpstreamRateLimited("slow down", retry_after=60)
    one = farm(a=[Turn(), limited, Turn()], b=Turn())
    assert run(one, "s", "s", "s") == ["from x:a", "from x:b", "from x:b"]
    (line,) = [vars(r) for r in caplog.records if r.message == "a session changes its target"]
    assert (line["from_target"], line["to_target"]) == ("x:a", "x:b")
    assert line["reason"]


def test_without_a_session_there_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    one = farm(a=Turn())
    run(one, None, None)
    assert [r.message for r in caplog.records] == [
        '"sticky" does nothing without a stage "session" before this one'
    ]


def test_what_is_remembered_ends() -> None:
    one = farm(a=[UpstreamUnavailable("down"), Turn()], b=Turn())

    async def later(wait: Callable[[float], Awaitable[None]]) -> list[str]:
        first = await ask(one)
        await wait(3601)
        return [first, await ask(one)]

    import asyncio

    assert played(later(asyncio.sleep)) == ["from x:b", "from x:a"]


def test_an_answer_is_closed_if_the_client_leaves_while_its_target_is_noted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = farm(a=Turn())

    async def slow(*_: object) -> None:
        await asyncio.sleep(5)

    async def leave() -> tuple[int, int]:
        monkeypatch.setattr(one.began().kit.store, "save", slow)
        asking = asyncio.ensure_future(ask(one))
        await asyncio.sleep(1)
        asking.cancel()
        await asyncio.wait([asking])
        return one.open, one.began().kit.health.of(one.calls[0][1]).in_flight

    assert (0, 0) == played(leave())
