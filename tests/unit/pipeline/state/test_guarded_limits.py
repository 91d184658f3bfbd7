"""Limits while shared state is away."""

import pytest

from llm_proxy.pipeline.errors import StateAway
from llm_proxy.pipeline.state.charges import Charge, Lease
from llm_proxy.pipeline.state.store import Store
from tests.support.guarded import Begin

ONE = [Charge("a", 2, 60)]


async def test_limits_are_those_of_all_while_it_is_there(begin: Begin) -> None:
    bench = begin()
    await bench.shared.kept.take(ONE)
    assert [True, False] == [(await bench.store.take(ONE))[0].wait == 0 for _ in range(2)]


async def test_local_limits_are_this_processs_own(begin: Begin) -> None:
    bench = begin("closed", "local")
    await bench.store.take(ONE)
    bench.shared.is_away = True
    lefts = [(await bench.store.take(ONE))[0] for _ in range(3)]
    assert [True, True, False] == [standing.wait == 0 for standing in lefts]


async def test_open_limits_let_everybody_in(begin: Begin) -> None:
    bench = begin("closed", "open")
    bench.shared.is_away = True
    standings = [(await bench.store.take(ONE))[0] for _ in range(9)]
    assert {(1, 0)} == {(standing.left, standing.wait) for standing in standings}


async def test_closed_limits_refuse(begin: Begin) -> None:
    bench = begin("local", "closed")
    bench.shared.is_away = True
    for _ in range(2):
        with pytest.raises(StateAway):
            await bench.store.take(ONE)
    assert await bench.store.load("a") is None


HELD = [Charge("a", 2, 60, is_held=True)]
LEASE = Lease("one", 60)


async def free(store: Store) -> float:
    (standing,) = await store.take(ONE)
    return standing.left


async def test_what_was_held_there_is_settled_here_while_it_is_away(begin: Begin) -> None:
    bench = begin()
    await bench.store.take(HELD, LEASE)
    bench.shared.is_away = True
    await bench.store.keep(HELD, LEASE)
    await bench.store.settle(HELD, LEASE, [1])
    assert pytest.approx(0, abs=0.1) == await free(bench.store)


async def test_what_was_held_here_is_settled_there_when_it_is_back(begin: Begin) -> None:
    bench = begin()
    bench.shared.is_away = True
    await bench.store.take(HELD, LEASE)
    bench.shared.is_away = False
    await bench.pass_time()
    await bench.store.keep(HELD, LEASE)
    assert 0 == await free(bench.shared.kept)
    await bench.store.settle(HELD, LEASE, [0])
    assert pytest.approx(0, abs=0.1) == await free(bench.shared.kept)
