"""What goes on in place of shared state while that is away."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from llm_proxy.pipeline.errors import StateAway
from llm_proxy.pipeline.state.guarded import use_of
from llm_proxy.pipeline.state.store import Change, Outages, Use, WhenAway, finished
from tests.support.guarded import Begin, Bench, turns


async def test_while_it_is_there_it_has_the_word(begin: Begin) -> None:
    bench = begin()
    await bench.store.save("a", b"1", 10)
    await bench.shared.kept.save("a", b"by another", 10)
    assert b"by another" == await bench.store.load("a")
    await bench.store.update("a", lambda before: (before or b"") + b"!", 10)
    assert b"by another!" == await bench.shared.kept.load("a")
    await bench.store.drop("a")
    assert await bench.shared.kept.load("a") is None
    assert bench.store.outage is None


async def test_local_goes_on_with_what_this_process_knows(begin: Begin) -> None:
    bench = begin("local")
    await bench.store.save("saved", b"1", 10)
    await bench.store.update("changed", lambda _: b"2", 10)
    await bench.store.save("dropped", b"3", 10)
    await bench.store.drop("dropped")
    await bench.store.save("changed to nothing", b"4", 10)
    await bench.store.update("changed to nothing", lambda _: None, 10)
    bench.shared.is_away = True
    keys = ("saved", "changed", "dropped", "changed to nothing")
    assert [b"1", b"2", None, None] == [await bench.store.load(key) for key in keys]
    await bench.store.update("changed", lambda before: (before or b"") + b"!", 10)
    assert b"2!" == await bench.store.load("changed")


async def test_so_it_does_with_what_is_kept_together(begin: Begin) -> None:
    bench = begin("local")
    changes: dict[str, Change | bytes] = {
        "value": b"1",
        "changed": lambda before: (before or b"") + b"!",
    }
    await finished(bench.store.update_all(changes, 10))
    assert [b"1", b"!"] == [await bench.shared.kept.load(key) for key in changes]
    bench.shared.is_away = True
    assert [b"1", b"!"] == [await bench.store.load(key) for key in changes]
    await finished(bench.store.update_all({"value": b"2", "new": b"3"}, 10))
    assert [b"2", b"3"] == [await bench.store.load(key) for key in ("value", "new")]


async def test_where_it_must_be_there_one_may_insist(begin: Begin) -> None:
    refusing: list[WhenAway] = []
    uses: tuple[WhenAway, ...] = ("closed", "local", "open")
    for use in uses:
        bench = begin(use)
        bench.store.insist("sessions")
        bench.shared.is_away = True
        with suppress(StateAway):
            await bench.store.load("session:a")
        try:
            bench.store.insist("sessions")
        except StateAway:
            refusing.append(use)
    assert ["closed"] == refusing


async def test_open_goes_on_without_anything(begin: Begin) -> None:
    bench = begin("open")
    await bench.store.save("a", b"1", 10)
    bench.shared.is_away = True
    await bench.store.save("a", b"2", 10)
    await bench.store.update("a", lambda _: b"3", 10)
    await bench.store.drop("b")
    assert await bench.store.load("a") is None


async def test_closed_refuses(begin: Begin) -> None:
    bench = begin("closed")
    bench.shared.is_away = True
    asking: list[Callable[[], Any]] = [
        lambda: bench.store.load("a"),
        lambda: bench.store.save("a", b"1", 10),
        lambda: bench.store.drop("a"),
        lambda: bench.store.update("a", lambda _: b"2", 10),
    ]
    for ask in asking * 2:
        with pytest.raises(StateAway) as caught:
            await ask()
        assert (503, 1) == (caught.value.status, caught.value.retry_after)


async def test_after_one_failure_nobody_waits_for_it(begin: Begin) -> None:
    bench = begin()
    bench.shared.is_away = True
    for _ in range(5):
        await bench.store.load("a")
        await turns()
    assert (1, 1) == (bench.shared.asked, bench.shared.knocks)


async def test_one_failure_by_chance_is_over_at_once(begin: Begin) -> None:
    bench = begin()
    bench.shared.is_away = True
    await bench.store.load("a")
    bench.shared.is_away = False
    await turns()
    assert (None, []) == (bench.store.outage, bench.slept)


async def test_it_is_asked_again_once_it_answers_a_knock(begin: Begin) -> None:
    bench = begin()
    bench.shared.is_away = True
    await bench.store.save("a", b"meanwhile", 100)
    await bench.pass_time()
    assert b"meanwhile" == await bench.store.load("a")
    bench.shared.is_away = False
    await bench.pass_time()
    assert [0.5, 0.5] == bench.slept
    assert await bench.store.load("a") is None
    assert bench.store.outage is None


async def test_what_answers_knocks_and_nothing_else_is_not_asked_by_every_request(
    begin: Begin,
) -> None:
    bench = begin()
    for _ in range(9):
        bench.shared.is_away = True
        await bench.store.load("a")
        bench.shared.is_away = False
        await turns()
    assert (2, 1, [0.5]) == (bench.shared.asked, bench.shared.knocks, bench.slept)
    await bench.pass_time()
    assert bench.store.outage is None


async def test_the_outage_tells_its_length_and_what_is_done(begin: Begin) -> None:
    bench = begin("open")
    bench.shared.is_away = True
    await bench.store.load("a")
    await bench.clock.sleep(3)
    outage = bench.store.outage
    assert outage
    instead = {"sessions": "open", "limits": "local", "keys": "local", "cache": "open"}
    assert (3.0, instead) == (outage.seconds, outage.instead)


async def test_each_change_is_one_line_of_the_log(
    begin: Begin, caplog: pytest.LogCaptureFixture
) -> None:
    bench = begin()
    caplog.set_level(logging.INFO, "llm_proxy")
    for _ in range(2):
        bench.shared.is_away = True
        await asyncio.gather(*(bench.store.load("a") for _ in range(20)))
        await bench.pass_time()
        bench.shared.is_away = False
        await bench.pass_time()
    lines = [(one.levelname, one.message) for one in caplog.records]
    away, back = ("ERROR", "the shared state is away"), ("WARNING", "the shared state is back")
    assert [away, back, away, back] == lines
    told = vars(caplog.records[0])
    instead = {"sessions": "local", "limits": "local", "keys": "local", "cache": "open"}
    assert ("gone", instead) == (told["reason"], told["instead"])
    assert 1.0 == vars(caplog.records[1])["seconds"]


async def test_outages_are_counted_while_they_last_and_after(begin: Begin) -> None:
    bench = begin()
    assert Outages(0, 0.0) == bench.store.outages
    bench.shared.is_away = True
    await bench.store.load("a")
    await bench.clock.sleep(3)
    assert Outages(1, 3.0) == bench.store.outages
    bench.shared.is_away = False
    await bench.pass_time()
    over = bench.store.outages
    assert (1, None) == (over.number, bench.store.outage)
    assert over.seconds >= 3.0
    await bench.clock.sleep(5)
    assert over == bench.store.outages


async def test_what_fails_late_is_no_new_outage(begin: Begin) -> None:
    bench = begin()
    bench.shared.held = asyncio.Event()
    late = asyncio.ensure_future(bench.store.load("a"))
    await asyncio.sleep(0)
    held, bench.shared.held = bench.shared.held, None
    bench.shared.is_away = True
    await bench.store.load("a")
    bench.shared.is_away = False
    await bench.pass_time()
    assert bench.store.outage is None
    bench.shared.is_away = True
    held.set()
    assert await late is None
    assert bench.store.outage is None


async def test_a_mistake_of_ours_is_no_outage(begin: Begin) -> None:
    bench = begin()

    def change(_: bytes | None) -> bytes:
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        await bench.store.update("a", change, 10)
    assert bench.store.outage is None


KINDS = {"cache:a": "cache", "cached:a": "sessions", "session:a": "sessions", "a": "sessions"}


@pytest.mark.parametrize(("key", "use"), KINDS.items())
def test_what_a_value_is_for_stands_in_its_key(key: str, use: Use) -> None:
    assert use == use_of(key)


async def test_without_shared_state_nothing_is_cached_and_sessions_go_on() -> None:
    bench = Bench()
    for key in ("cache:a", "session:a"):
        assert await bench.store.add(key, b"1", 60)
        assert not await bench.store.add(key, b"2", 60)
    bench.shared.is_away = True
    assert [None, b"1"] == [await bench.store.load(f"{kind}:a") for kind in ("cache", "session")]
    assert [True, False] == [
        await bench.store.add(f"{k}:a", b"3", 60) for k in ("cache", "session")
    ]
    asked: list[bytes | None] = []
    await bench.store.update("cache:a", asked.append, 60)
    assert asked == []


async def test_what_does_not_go_on_locally_takes_no_room_here() -> None:
    bench = Bench()
    for key in ("cache:a", "session:a"):
        await bench.store.save(key, b"1", 60)
        await bench.store.update(key, lambda _: b"2", 60)
    assert [None, b"2"] == [await bench.local.load(key) for key in ("cache:a", "session:a")]
    bench = Bench(cache="local")
    await bench.store.save("cache:a", b"1", 60)
    assert b"1" == await bench.local.load("cache:a")
    await bench.store.drop("cache:a")
    assert await bench.local.load("cache:a") is None
