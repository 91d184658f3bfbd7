"""What every store does with limits, wherever it keeps them."""

import asyncio
from collections.abc import Sequence

import pytest

from llm_proxy.pipeline.state.charges import Charge, Standing
from tests.support.stores import Kept

DAY = 86_400.0


def granted(standings: Sequence[Standing]) -> bool:
    return not any(standing.wait for standing in standings)


async def passed(kept: Kept, *charges: Charge) -> bool:
    return granted(await kept.store.take(charges))


async def test_as_many_as_there_are_pass_at_once(kept: Kept) -> None:
    outcomes = [await passed(kept, Charge("a", 3, DAY)) for _ in range(5)]
    assert [True, True, True, False, False] == outcomes


async def test_exactly_so_many_pass_of_any_number_at_once(kept: Kept) -> None:
    charge = Charge("a", 100, DAY)
    outcomes = await asyncio.gather(*(passed(kept, charge) for _ in range(300)))
    assert 100 == sum(outcomes)


async def test_each_key_has_a_limit_of_its_own(kept: Kept) -> None:
    assert await passed(kept, Charge("a", 1, DAY))
    assert await passed(kept, Charge("b", 1, DAY))
    assert not await passed(kept, Charge("a", 1, DAY))
    assert await passed(kept, Charge("{a} 1/2:\n", 1, DAY))


async def test_it_tells_what_is_left_and_when_all_is_back(kept: Kept) -> None:
    (standing,) = await kept.store.take([Charge("a", 4, 400, 3)])
    assert (1, 0, 300) == (standing.left, standing.wait, standing.reset)
    (standing,) = await kept.store.take([Charge("a", 4, 400, 2)])
    assert (1, 100, 300) == pytest.approx((standing.left, standing.wait, standing.reset), abs=5)


@pytest.mark.parametrize(("most", "window"), [(1, 6e4), (3, 6e4), (7, 3e6), (300, 1e7), (3, 1e9)])
async def test_to_wait_is_to_be_let_in(kept: Kept, most: int, window: float) -> None:
    charge = Charge("a", most, window)
    while granted(standing := await kept.store.take([charge])):
        pass
    wait = standing[0].wait
    assert wait == pytest.approx(window / most, rel=0.1)
    await kept.leak(wait * 0.9)
    assert not await passed(kept, charge)
    await kept.leak(wait * 0.1)
    assert await passed(kept, charge)
    assert not await passed(kept, charge)


async def test_it_recovers_to_what_it_was_and_no_further(kept: Kept) -> None:
    charge = Charge("a", 2, DAY)
    for _ in range(2):
        assert await passed(kept, charge)
    await kept.leak(100 * DAY)
    assert [True, True, False] == [await passed(kept, charge) for _ in range(3)]


async def test_what_is_refused_costs_nothing(kept: Kept) -> None:
    assert await passed(kept, Charge("a", 10, DAY, 4))
    for _ in range(5):
        assert not await passed(kept, Charge("a", 10, DAY, 7))
    assert await passed(kept, Charge("a", 10, DAY, 6))


async def test_of_several_limits_all_are_charged_or_none(kept: Kept) -> None:
    wide, narrow = Charge("a", 10, DAY), Charge("b", 1, DAY)
    assert await passed(kept, wide, narrow)
    for _ in range(3):
        standings = await kept.store.take([wide, narrow])
        assert (0, 9) == (standings[0].wait, pytest.approx(standings[0].left, abs=0.1))
        assert standings[1].wait == pytest.approx(DAY, rel=0.1)
    (standing,) = await kept.store.take([wide])
    assert standing.left == pytest.approx(8, abs=0.1)


async def test_several_at_once_are_exact_too(kept: Kept) -> None:
    both = (Charge("a", 30, DAY, 2), Charge("b", 20, DAY))
    only = (Charge("b", 20, DAY),)
    outcomes = await asyncio.gather(
        *(passed(kept, *(both if number % 2 else only)) for number in range(100))
    )
    assert 15 >= sum(outcomes[1::2])
    assert 20 == sum(outcomes)


async def test_another_limit_for_the_same_key_begins_anew(kept: Kept) -> None:
    assert await passed(kept, Charge("a", 1, DAY))
    assert await passed(kept, Charge("a", 2, DAY))
    assert await passed(kept, Charge("a", 1, DAY / 2))
    assert not await passed(kept, Charge("a", 1, DAY))


async def test_no_charges_are_granted(kept: Kept) -> None:
    assert [] == await kept.store.take([])
