"""One asks, the others wait: in one process and over several."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.stages.cache import turns as module
from llm_proxy.stages.cache.entry import pack
from llm_proxy.stages.cache.turns import ALONE_FOR, LEASE, Turn, Turns
from tests.support.asked_in_turn import ENTRY, KEY, Replicas, a_moment, die, now, virtually
from tests.support.redis_server import RedisServer
from tests.support.stores import redis_store
from tests.support.virtual_time import in_virtual_time


@virtually
async def test_the_first_asks_and_all_get_its_answer() -> None:
    replicas = Replicas()
    turn = await replicas.turn()
    waiting = [replicas.asking(number % 2) for number in range(10)]
    await asyncio.sleep(1)
    assert not any(task.done() for task in waiting)
    await replicas.answer(turn)
    assert [ENTRY] * 10 == await asyncio.gather(*waiting)
    assert [ENTRY] * 2 == [await turns.await_mine(KEY) for turns in replicas.turns]


@virtually
async def test_in_one_process_nobody_waits_longer_than_needed() -> None:
    replicas = Replicas()
    turn = await replicas.turn()
    waiting = replicas.asking()
    await a_moment()
    began = now()
    await replicas.answer(turn)
    await waiting
    assert began == now()


@virtually
async def test_many_look_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    replicas = Replicas()
    loads: list[str] = []
    load = replicas.store.load

    async def counted(key: str) -> bytes | None:
        loads.append(key)
        await a_moment()
        return await load(key)

    monkeypatch.setattr(replicas.store, "load", counted)
    await replicas.store.save(KEY, pack(ENTRY), 60)
    assert [ENTRY] * 9 == await asyncio.gather(*(replicas.asking() for _ in range(9)))
    assert [KEY] == loads


@virtually
async def test_other_keys_do_not_wait() -> None:
    replicas = Replicas()
    first = await replicas.turn()
    other = await replicas.turns[0].await_mine("cache:t:other")
    assert isinstance(other, Turn)
    for turn in (first, other):
        await turn.settle("left")


@virtually
async def test_who_waits_long_is_waited_for() -> None:
    replicas = Replicas()
    turn = await replicas.turn()
    waiting = [replicas.asking(replica) for replica in (0, 1)]
    await asyncio.sleep(10 * LEASE)
    assert not any(task.done() for task in waiting)
    await replicas.answer(turn)
    assert [ENTRY] * 2 == await asyncio.gather(*waiting)


@virtually
async def test_an_answer_that_is_for_nobody_else_is_asked_for_by_all_at_once() -> None:
    replicas = Replicas()
    turn = await replicas.turn()
    waiting = [replicas.asking(number % 2) for number in range(4)]
    await a_moment()
    turn.keep_no_longer()
    await replicas.turns[0].leave_alone(KEY)
    await turn.settle("alone")
    assert [None] * 4 == await asyncio.gather(*waiting)
    assert await replicas.asking(1) is None
    await asyncio.sleep(ALONE_FOR)
    await (await replicas.turn()).settle("left")


@virtually
async def test_whoever_gives_up_waiting_disturbs_nobody() -> None:
    replicas = Replicas()
    turn = await replicas.turn()
    there = [replicas.asking(1) for _ in range(3)]
    here = [replicas.asking(0) for _ in range(3)]
    await a_moment()
    for task in (there[0], here[0], here[1]):  # the first of them looks for the others as well
        task.cancel()
    await a_moment()
    await replicas.answer(turn)
    assert [ENTRY] * 3 == await asyncio.gather(*there[1:], here[2])


FATES = st.sampled_from(["answered", "failed", "left", "dead", "alone"])


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(0, 3)), min_size=1, max_size=12),
    st.lists(st.tuples(FATES, st.floats(0, 9)), max_size=6),
)
def test_one_at_a_time_and_nobody_waits_for_ever(
    requests: Sequence[tuple[int, float]], fates: Sequence[tuple[str, float]]
) -> None:
    """Requests reach replicas at some times; each turn has a fate, after some time, and those that
    come after all fates are answered."""

    async def test() -> None:
        replicas = Replicas(3)
        coming = iter(fates)
        in_charge: set[int] = set()
        answers = 0

        async def ask(number: int, replica: int, at: float) -> None:
            nonlocal answers
            await asyncio.sleep(at)
            found = await replicas.turns[replica].await_mine(KEY)
            if not isinstance(found, Turn):
                return
            fate, after = next(coming, ("answered", 1.0))
            assert not in_charge
            in_charge.add(number)
            await asyncio.sleep(after)
            in_charge.discard(number)
            if fate == "answered":
                answers += 1
                await replicas.answer(found)
            elif fate == "dead":
                die(found)
                found._tell("left")  # those who wait in its process die with it
            else:
                if fate == "alone":
                    await replicas.turns[replica].leave_alone(KEY)
                await found.settle(fate)  # type: ignore[arg-type]

        async with asyncio.timeout(1000):
            await asyncio.gather(*(ask(n, *request) for n, request in enumerate(requests)))
        assert answers <= 1

    in_virtual_time(test())


async def test_over_redis(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEASE", 0.2)
    monkeypatch.setattr(module, "POLL", 0.01)
    async with redis_store(redis) as store, redis_store(redis) as another:
        here, there = Turns(store), Turns(another)
        turn = await here.await_mine(KEY)
        assert isinstance(turn, Turn)
        waiting = [asyncio.create_task(turns.await_mine(KEY)) for turns in (here, there) * 20]
        await asyncio.sleep(0.2)
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in waiting)
        turn.keep_no_longer()
        await store.save(KEY, pack(ENTRY), 60)
        await turn.settle(ENTRY)
        assert [ENTRY] * 40 == await asyncio.gather(*waiting)
        await store.drop(KEY)
        dead = await here.await_mine(KEY)
        assert isinstance(dead, Turn)
        die(dead)
        turn = await there.await_mine(KEY)
        assert isinstance(turn, Turn)
        await turn.settle("left")
        assert await store.load(KEY) is None
