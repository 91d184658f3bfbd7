"""How many may be with a backend at once."""

import asyncio

import pytest

from llm_proxy.pipeline.errors import Busy
from llm_proxy.pipeline.slots import Slots
from tests.support.virtual_time import in_virtual_time


async def test_without_a_limit_nobody_waits() -> None:
    slots = Slots(None, 0, 1)
    for _ in range(1000):
        await slots.enter()
    assert slots.taken == 1000


async def test_who_has_no_place_waits_for_one_in_order() -> None:
    slots, order = Slots(1, 10, 60), list[str]()

    async def take(name: str) -> None:
        await slots.enter()
        order.append(name)

    await take("a")
    waiting = [asyncio.ensure_future(take(name)) for name in "bc"]
    await asyncio.sleep(0)
    assert order == ["a"]
    for _ in range(3):
        slots.leave()
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert (order, slots.taken) == (["a", "b", "c"], 0)


async def test_nobody_overtakes_those_who_wait() -> None:
    slots = Slots(1, 10, 60)
    await slots.enter()
    first = asyncio.ensure_future(slots.enter())
    await asyncio.sleep(0)
    slots.leave()
    second = asyncio.ensure_future(slots.enter())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (first.done(), second.done(), slots.taken) == (True, False, 1)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)


async def test_when_the_queue_is_full_it_is_a_503_with_a_time_to_come_again() -> None:
    slots = Slots(1, 0, 60)
    await slots.enter()
    with pytest.raises(Busy) as caught:
        await slots.enter()
    assert (caught.value.status, caught.value.retry_after) == (503, 1)


def test_who_waits_too_long_gives_up() -> None:
    async def wait() -> float:
        slots = Slots(1, 5, 10)
        await slots.enter()
        with pytest.raises(Busy, match="within 10 s"):
            await slots.enter()
        slots.leave()
        await slots.enter()
        return asyncio.get_running_loop().time() - 1000

    assert in_virtual_time(wait()) == 10


@pytest.mark.parametrize("given_first", [True, False])
async def test_a_place_is_not_lost_with_the_one_who_waited_for_it(*, given_first: bool) -> None:
    slots = Slots(1, 5, 60)
    await slots.enter()
    waiting = asyncio.ensure_future(slots.enter())
    await asyncio.sleep(0)
    if given_first:
        slots.leave()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    if not given_first:
        slots.leave()
    assert slots.taken == 0
    await slots.enter()
