"""What is done after a first attempt has failed, and when."""

import asyncio

import pytest

from llm_proxy.pipeline.errors import (
    Kind,
    Unavailable,
    UpstreamBroken,
    UpstreamRateLimited,
    UpstreamRefused,
)
from tests.support.stages import asking
from tests.support.targets import Turn, played
from tests.unit.stages.failover.outcomes import CONFLICT, DOWN, farm, limited, outcome


def test_a_single_target_is_asked_again_after_a_wait_that_grows() -> None:
    one = farm(a=DOWN)
    assert played(outcome(one)) == "503: down"
    first, second, third = one.times
    assert first == 0 <= second <= 0.5
    assert third - second <= 1


def test_when_all_have_failed_they_are_asked_again_up_to_the_number_of_tries() -> None:
    one = farm(a=DOWN, b=UpstreamBroken("broken"))
    one.options = {"max_tries": 4}
    assert played(outcome(one)) == "502: broken"
    assert one.asked == ["a", "b", "a", "b"]


@pytest.mark.parametrize("tries", [1, 2])
def test_there_is_one_number_of_tries_for_all(tries: int) -> None:
    one = farm(a=DOWN, b=DOWN, c=Turn())
    one.options = {"max_tries": tries}
    assert played(outcome(one)) == "503: down"
    assert len(one.calls) == tries


def test_a_conflict_is_tried_again_at_the_same_target() -> None:
    one = farm(a=[UpstreamRefused("locked", Kind.CONFLICT, 409), Turn()], b=Turn())
    assert played(outcome(one)) == "from x:a"
    assert one.asked == ["a", "a"]


def test_what_is_still_in_conflict_is_asked_elsewhere() -> None:
    one = farm(a=UpstreamRefused("locked", Kind.CONFLICT, 409), b=Turn())
    assert played(outcome(one)) == "from x:b"
    assert one.asked == ["a", "a", "b"]


def test_a_short_retry_after_is_waited_for_exactly_where_nobody_else_is() -> None:
    one = farm(a=[limited(3), Turn()])
    assert played(outcome(one)) == "from x:a"
    assert one.times[1] >= 3
    assert one.times[1] <= 3.5


def test_who_waits_for_the_probe_of_another_asks_as_soon_as_it_is_over() -> None:
    one = farm(a=[DOWN, Turn(seconds=2.5), Turn()])
    one.options = {"breaker": {"failures": 1, "cooldown": 10}, "max_tries": 5}

    async def ask() -> None:
        first = asyncio.ensure_future(outcome(one))
        await asyncio.sleep(1)
        assert await asyncio.gather(first, outcome(one)) == ["from x:a"] * 2

    played(ask())
    first, probe, other = one.times
    assert first == 0
    assert 10 <= probe < 11
    assert probe + 2.5 <= other < probe + 4


def test_a_retry_after_beyond_the_deadline_is_told_at_once() -> None:
    one = farm(a=limited(400))

    async def ask() -> float:
        with pytest.raises(UpstreamRateLimited) as caught:
            await one.ask(asking())
        assert caught.value.retry_after == 400
        return asyncio.get_running_loop().time()

    assert played(ask()) == 1000
    assert len(one.calls) == 1


def test_the_first_target_to_come_back_is_waited_for() -> None:
    one = farm(a=[limited(40), Turn()], b=[limited(20), Turn()])
    assert played(outcome(one)) == "from x:b"
    assert one.times == [0, 0, one.times[2]]
    assert 20 <= one.times[2] < 21


def test_when_all_are_cooling_beyond_the_deadline_it_is_a_503_with_the_true_wait() -> None:
    one = farm(a=limited(500), b=limited(400))

    async def ask() -> None:
        await outcome(one)
        await asyncio.sleep(50)
        with pytest.raises(Unavailable) as caught:
            await one.ask(asking())
        assert (caught.value.status, caught.value.code) == (503, "no_backend_available")
        assert caught.value.retry_after == pytest.approx(350)

    played(ask())
    assert len(one.calls) == 2


def test_repetitions_are_bounded_in_an_outage() -> None:
    one = farm(a=[*[DOWN] * 200])
    one.options = {"breaker": {"failures": 1000}, "retry_budget": 0.0}

    async def ask() -> None:
        one.scripts = {"a": Turn(seconds=1, error=DOWN)}
        await asyncio.gather(*(outcome(one) for _ in range(200)))

    played(ask())
    assert 200 < len(one.calls) <= 200 + 3 * 10


def test_where_there_are_too_many_repetitions_the_next_target_is_asked() -> None:
    one = farm()
    one.scripts = {"a": Turn(seconds=1, error=CONFLICT), "b": Turn()}
    one.options = {"retry_budget": 0.0}

    async def ask() -> list[str]:
        return await asyncio.gather(*(outcome(one) for _ in range(50)))

    assert {"from x:b"} == set(played(ask()))
    assert 50 + 10 == one.asked.count("a")
