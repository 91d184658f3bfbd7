"""What every store does with charges that are held until it is known what they come to."""

import asyncio
from dataclasses import replace

import pytest

from llm_proxy.pipeline.state.charges import SLOT_WAIT, Charge, Lease
from tests.support.stores import Kept

DAY = 86_400.0

TOKENS = Charge("tokens", 100, DAY, 60, is_held=True)
SLOT = Charge("slots", 2, 0, is_held=True)

ONE, TWO, THREE = (Lease(name, 60) for name in ("one", "two", "three"))


async def passed(kept: Kept, lease: Lease, *charges: Charge) -> bool:
    return not any(standing.wait for standing in await kept.store.take(charges, lease))


async def left(kept: Kept, charge: Charge) -> float:
    """What a request that costs nothing would be left."""
    peek, lease = replace(charge, cost=0), Lease("peek", 60)
    (standing,) = await kept.store.take([peek], lease)
    await kept.store.settle([peek], lease, [0])
    return standing.left


async def test_what_is_held_counts_in_full(kept: Kept) -> None:
    assert await passed(kept, ONE, TOKENS)
    (standing,) = await kept.store.take([TOKENS], TWO)
    assert pytest.approx(40, abs=0.1) == standing.left
    assert pytest.approx(DAY * 0.2, rel=0.01) == standing.wait
    assert await passed(kept, TWO, replace(TOKENS, cost=40))


@pytest.mark.parametrize(("cost", "expected"), [(0, 100), (10, 90), (60, 40), (75, 25), (130, 0)])
async def test_settled_is_what_it_has_come_to(kept: Kept, cost: float, expected: float) -> None:
    assert await passed(kept, ONE, TOKENS)
    await kept.store.settle([TOKENS], ONE, [cost])
    assert pytest.approx(expected, abs=0.1) == await left(kept, TOKENS)


async def test_who_has_taken_more_than_there_is_is_waited_for(kept: Kept) -> None:
    assert await passed(kept, ONE, TOKENS)
    await kept.store.settle([TOKENS], ONE, [150])
    (standing,) = await kept.store.take([replace(TOKENS, cost=10)], TWO)
    assert pytest.approx(DAY * 0.6, rel=0.01) == standing.wait
    await kept.leak(DAY * 0.61)
    assert await passed(kept, TWO, replace(TOKENS, cost=10))


async def test_what_is_held_does_not_sink(kept: Kept) -> None:
    forever = Lease("forever", 100 * DAY)
    assert await passed(kept, forever, TOKENS)
    await kept.leak(DAY)
    assert 40 == await left(kept, TOKENS)
    await kept.store.settle([TOKENS], forever, [60])
    await kept.leak(DAY / 2)
    assert pytest.approx(90, abs=0.1) == await left(kept, TOKENS)


async def test_slots_are_free_again_when_they_are_given_back(kept: Kept) -> None:
    assert [True, True, False] == [await passed(kept, one, SLOT) for one in (ONE, TWO, THREE)]
    (standing,) = await kept.store.take([SLOT], THREE)
    assert (0, SLOT_WAIT, SLOT_WAIT) == (standing.left, standing.wait, standing.reset)
    await kept.store.settle([SLOT], ONE, [0])
    assert await passed(kept, THREE, SLOT)
    for lease in (TWO, THREE):
        await kept.store.settle([SLOT], lease, [0])
    (standing,) = await kept.store.take([replace(SLOT, cost=0)], ONE)
    assert (2, 0, 0) == (standing.left, standing.wait, standing.reset)


async def test_exactly_so_many_slots_of_any_number_at_once(kept: Kept) -> None:
    slot = Charge("slots", 100, 0, is_held=True)
    outcomes = await asyncio.gather(*(passed(kept, Lease(str(n), 60), slot) for n in range(300)))
    assert 100 == sum(outcomes)


async def test_all_of_a_requests_limits_are_held_or_none(kept: Kept) -> None:
    requests = Charge("requests", 10, DAY)
    assert await passed(kept, ONE, requests, TOKENS, SLOT)
    assert not await passed(kept, TWO, requests, TOKENS, SLOT)
    (standing,) = await kept.store.take([replace(requests, cost=0)])
    assert 9 == pytest.approx(standing.left, abs=0.1)
    assert [40, 1] == [await left(kept, TOKENS), await left(kept, SLOT)]


async def test_what_nobody_keeps_is_free_when_the_lease_is_over(kept: Kept) -> None:
    both = (TOKENS, SLOT)
    assert await passed(kept, ONE, *both)
    await kept.leak(59)
    assert not await passed(kept, TWO, *both)
    await kept.leak(1.1)
    assert [100, 2] == [await left(kept, TOKENS), await left(kept, SLOT)]
    assert await passed(kept, TWO, *both)


async def test_what_is_kept_stays(kept: Kept) -> None:
    both = (TOKENS, SLOT)
    assert await passed(kept, ONE, *both)
    for _ in range(5):
        await kept.leak(40)
        await kept.store.keep(both, ONE)
    assert [40, 1] == [await left(kept, TOKENS), await left(kept, SLOT)]
    await kept.leak(61)
    assert [100, 2] == [await left(kept, TOKENS), await left(kept, SLOT)]


async def test_one_lease_ends_and_another_does_not(kept: Kept) -> None:
    short, long = Lease("short", 10), Lease("long", 1000)
    assert await passed(kept, long, SLOT)
    assert await passed(kept, short, SLOT)
    await kept.leak(10.1)
    assert await passed(kept, ONE, SLOT)
    assert not await passed(kept, TWO, SLOT)
    await kept.leak(1000)
    assert 2 == await left(kept, SLOT)


async def test_what_was_lost_is_held_again_when_it_is_kept(kept: Kept) -> None:
    await kept.store.keep([TOKENS, SLOT], ONE)
    assert [40, 1] == [await left(kept, TOKENS), await left(kept, SLOT)]
    await kept.store.settle([TOKENS, SLOT], ONE, [60, 0])
    assert [40, 2] == pytest.approx([await left(kept, TOKENS), await left(kept, SLOT)], abs=0.1)


async def test_what_was_lost_is_settled_all_the_same(kept: Kept) -> None:
    assert await passed(kept, ONE, TOKENS)
    await kept.leak(61)
    await kept.store.settle([TOKENS], ONE, [30])
    assert pytest.approx(70, abs=0.1) == await left(kept, TOKENS)


async def test_a_lease_ends_by_itself(kept: Kept) -> None:
    assert await passed(kept, Lease("short", 0.05), SLOT)
    await asyncio.sleep(0.1)
    assert 2 == await left(kept, SLOT)


async def test_fractions_leave_nothing_behind(kept: Kept) -> None:
    money = Charge("money", 1.0, DAY, 0.1, is_held=True)
    leases = [Lease(str(number), 60) for number in range(9)]
    for lease in leases:
        assert await passed(kept, lease, money)
    for lease in leases:
        await kept.store.settle([money], lease, [0.0])
    assert 1.0 == await left(kept, money)
