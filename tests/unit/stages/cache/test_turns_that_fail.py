"""One asks, the others wait: and it dies, fails or leaves, or its lease is lost."""

import asyncio

import pytest

from llm_proxy.pipeline.errors import StateAway
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.stages.cache.entry import pack
from llm_proxy.stages.cache.turns import LEASE, POLL, Settled, Turn, Turns
from tests.support.asked_in_turn import ENTRY, KEY, Replicas, a_moment, die, now, virtually


@virtually
async def test_when_the_one_in_charge_dies_another_replica_takes_over_within_the_lease() -> None:
    replicas = Replicas()
    dead = await replicas.turn()
    waiting = replicas.asking(1)
    await asyncio.sleep(10 * LEASE)
    began = now()
    die(dead)
    await asyncio.sleep(LEASE / 2)
    assert not waiting.done()
    turn = await waiting
    assert isinstance(turn, Turn)
    assert now() - began <= LEASE + POLL
    await replicas.answer(turn)


@virtually
async def test_new_requests_do_not_keep_a_dead_lease_alive() -> None:
    replicas = Replicas()
    die(await replicas.turn())
    began = now()
    while True:  # clients that wait for a second and try again
        try:
            async with asyncio.timeout(1):
                turn = await replicas.turn(1)
                break
        except TimeoutError:
            pass
    assert now() - began <= LEASE + POLL
    await turn.settle("left")


@pytest.mark.parametrize("fate", ["failed", "left"])
@pytest.mark.parametrize("replica", [0, 1])
def test_where_the_one_in_charge_has_no_answer_the_next_takes_over(
    fate: Settled, replica: int
) -> None:
    @virtually
    async def test() -> None:
        replicas = Replicas()
        turn = await replicas.turn()
        waiting = [replicas.asking(replica) for _ in range(3)]
        await a_moment()
        began = now()
        await turn.settle(fate)
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert now() - began <= POLL
        (next_,) = (task.result() for task in done)
        assert isinstance(next_, Turn)
        await replicas.answer(next_)
        assert 2 == (await asyncio.gather(*waiting)).count(ENTRY)

    test()


@virtually
async def test_nobody_waits_through_more_than_two_failures() -> None:
    replicas = Replicas(1)
    turn = await replicas.turn()
    waiting = [replicas.asking() for _ in range(5)]
    await a_moment()
    await turn.settle("failed")
    second = await waiting.pop(0)
    assert isinstance(second, Turn)
    await a_moment()
    assert not any(task.done() for task in waiting)
    await second.settle("failed")
    assert [None] * 4 == await asyncio.gather(*waiting)


@virtually
async def test_whoever_leaves_costs_nobody_patience() -> None:
    replicas = Replicas(1)
    turn = await replicas.turn()
    waiting = {replicas.asking() for _ in range(6)}
    while waiting:
        await a_moment()
        await turn.settle("left")
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        (found,) = (task.result() for task in done)
        assert isinstance(found, Turn)
        turn = found
    await turn.settle("left")


@virtually
async def test_what_cannot_be_read_is_asked_for_anew() -> None:
    replicas = Replicas()
    for damaged in (b"", b"[0]", pack(ENTRY)[:-1]):
        await replicas.store.save(KEY, damaged, 60)
        await (await replicas.turn()).settle("left")
        assert await replicas.store.load(KEY) is None


@virtually
async def test_what_has_come_in_place_of_a_lease_stays() -> None:
    replicas = Replicas()
    turn = await replicas.turn()
    await replicas.store.save(KEY, pack(ENTRY), 60)
    await asyncio.sleep(LEASE / 2)
    await turn.settle("failed")
    assert ENTRY == await replicas.asking(1)


@virtually
async def test_a_lease_that_was_forgotten_is_laid_down_again() -> None:
    replicas = Replicas()
    turn = await replicas.turn()
    await replicas.store.drop(KEY)
    await asyncio.sleep(LEASE / 2)
    waiting = replicas.asking(1)
    await asyncio.sleep(LEASE)
    assert not waiting.done()
    await replicas.answer(turn)
    assert ENTRY == await waiting


class Away(MemoryStore):
    is_away = True

    async def load(self, key: str) -> bytes | None:
        if self.is_away:
            raise StateAway("gone")
        return await super().load(key)


@virtually
async def test_each_is_told_where_there_may_be_no_answer_without_state() -> None:
    turns = Turns(store := Away(now))
    results = await asyncio.gather(
        *(turns.await_mine(KEY) for _ in range(3)), return_exceptions=True
    )
    assert [StateAway] * 3 == [type(one) for one in results]
    store.is_away = False
    turn = await turns.await_mine(KEY)
    assert isinstance(turn, Turn)
    store.is_away = True
    await asyncio.sleep(2 * LEASE)  # the lease is lost, and nothing breaks
    store.is_away = False
    await turn.settle("left")
