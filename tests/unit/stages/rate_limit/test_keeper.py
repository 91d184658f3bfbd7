"""What is held for requests while they run."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from llm_proxy.pipeline.errors import StateAway
from llm_proxy.pipeline.state.charges import Charge, Lease, Standing
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.stages.rate_limit.keeper import Keeper
from tests.support.clock import Clock

REQUEST = Charge("r", 9, 60)
SLOT = Charge("s", 2, 0, is_held=True)
TOKENS = Charge("t", 100, 86400, 40, is_held=True)


class Watched(MemoryStore):
    """Notes what it is asked. It answers when it may."""

    def __init__(self) -> None:
        super().__init__(Clock())
        self.told: list[tuple[str, list[str]]] = []
        self.is_away = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def _asked(self, what: str, charges: Sequence[Charge]) -> None:
        self.told.append((what, [charge.key for charge in charges]))
        await self.may_answer.wait()
        if self.is_away:
            raise StateAway("gone")

    async def take(self, charges: Sequence[Charge], lease: Lease | None = None) -> list[Standing]:
        await self._asked("take", charges)
        return await super().take(charges, lease)

    async def keep(self, charges: Sequence[Charge], lease: Lease) -> None:
        await self._asked("keep", charges)
        await super().keep(charges, lease)

    async def settle(self, charges: Sequence[Charge], lease: Lease, costs: Sequence[float]) -> None:
        await self._asked("settle", charges)
        await super().settle(charges, lease, costs)

    async def left(self, charge: Charge) -> float:
        peek, lease = replace(charge, cost=0), Lease("peek", 60)
        (standing,) = await MemoryStore.take(self, [peek], lease)
        await MemoryStore.settle(self, [peek], lease, [0])
        return standing.left


async def turns() -> None:
    for _ in range(9):
        await asyncio.sleep(0)


class Bench:
    def __init__(self) -> None:
        self.store = Watched()
        self.slept: list[float] = []
        self._go_on = asyncio.Event()
        self.keeper = Keeper(self.store, 30, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self._go_on.wait()
        self._go_on.clear()

    async def pass_time(self) -> None:
        """Let the pause before the leases are kept again be over."""
        await turns()
        self._go_on.set()
        await turns()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    one = Bench()
    async with one.keeper:
        yield one
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_is_held_is_kept_until_it_is_settled(bench: Bench) -> None:
    _, one = await bench.keeper.take([REQUEST, SLOT, TOKENS])
    await bench.keeper.take([SLOT])
    await bench.pass_time()
    await bench.keeper.settle([SLOT, TOKENS], one, [0, 10])
    await bench.pass_time()
    assert [
        ("take", ["r", "s", "t"]),
        ("take", ["s"]),
        ("keep", ["s", "t"]),
        ("keep", ["s"]),
        ("settle", ["s", "t"]),
        ("keep", ["s"]),
    ] == bench.store.told
    assert [10.0, 10.0, 10.0] == bench.slept
    assert 1 == await bench.store.left(SLOT)


async def test_nothing_is_kept_where_nothing_runs(bench: Bench) -> None:
    for _ in range(2):
        _, lease = await bench.keeper.take([SLOT])
        await turns()
        await bench.keeper.settle([SLOT], lease, [0])
        await bench.pass_time()
    assert {"take", "settle"} == {what for what, _ in bench.store.told}
    assert [10.0, 10.0] == bench.slept


async def test_each_request_has_a_lease_of_its_own(bench: Bench) -> None:
    leases = {(await bench.keeper.take([REQUEST]))[1] for _ in range(9)}
    assert 9 == len(leases)


async def test_who_was_refused_holds_nothing(bench: Bench) -> None:
    for _ in range(5):
        standings, _ = await bench.keeper.take([SLOT])
    assert standings[0].wait
    await bench.pass_time()
    assert 2 == sum(what == "keep" for what, _ in bench.store.told)


async def test_who_leaves_while_it_is_taken_holds_nothing(bench: Bench) -> None:
    bench.store.may_answer.clear()
    taking = asyncio.create_task(bench.keeper.take([REQUEST, SLOT, TOKENS]))
    await turns()
    taking.cancel()
    await turns()
    bench.store.may_answer.set()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert [2, 100] == [await bench.store.left(SLOT), await bench.store.left(TOKENS)]
    assert ("settle", ["s", "t"]) == bench.store.told[-1]


async def test_who_leaves_and_was_refused_gives_nothing_back(bench: Bench) -> None:
    for _ in range(2):
        await bench.keeper.take([SLOT])
    bench.store.may_answer.clear()
    taking = asyncio.create_task(bench.keeper.take([SLOT]))
    await turns()
    taking.cancel()
    bench.store.may_answer.set()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert {"take"} == {what for what, _ in bench.store.told}


async def test_it_is_not_kept_again_after_it_was_settled(bench: Bench) -> None:
    _, lease = await bench.keeper.take([SLOT])
    await turns()
    bench.store.may_answer.clear()
    await bench.pass_time()
    assert ("keep", ["s"]) == bench.store.told[-1]
    settling = asyncio.create_task(bench.keeper.settle([SLOT], lease, [0]))
    await turns()
    assert ("keep", ["s"]) == bench.store.told[-1]
    bench.store.may_answer.set()
    await settling
    assert 2 == await bench.store.left(SLOT)


async def test_while_the_store_is_away_nothing_breaks(bench: Bench) -> None:
    _, lease = await bench.keeper.take([SLOT])
    bench.store.is_away = True
    await bench.pass_time()
    await bench.pass_time()
    assert 2 == sum(what == "keep" for what, _ in bench.store.told)
    await bench.keeper.settle([SLOT], lease, [0])
    with pytest.raises(StateAway):
        await bench.keeper.take([SLOT])
