"""An attempt at a target that is only slow: another is asked beside it."""

import asyncio
from typing import Any

import pytest

from llm_proxy.pipeline.errors import ProxyError, UpstreamUnavailable
from tests.support.stages import asking, text_of
from tests.support.targets import Farm, Turn, played

QUICK = [Turn(seconds=0.1)] * 30
DOWN = UpstreamUnavailable("down")


def farm(after: Turn, **others: Any) -> Farm:
    """A target that was quick thirty times and now takes its `after`, and others."""
    hedging = {"percentile": 95, "at_least": 0.2, "budget": 0.1}
    return Farm({"a": [*QUICK, after], **others}, {"hedging": hedging})


async def ask(one: Farm, *, stream: bool = True) -> str:
    try:
        async with await one.ask(asking(stream=stream)) as reply:
            return text_of(await reply.collect())
    except ProxyError as error:
        return error.message


def last_of(one: Farm, *, warm: int = 30, stream: bool = True) -> tuple[str, float]:
    """The last of so many answers, and how long it took."""

    async def run() -> tuple[str, float]:
        for _ in range(warm):
            await ask(one, stream=stream)
        began = asyncio.get_running_loop().time()
        one.calls.clear()
        return await ask(one, stream=stream), asyncio.get_running_loop().time() - began

    return played(run())


@pytest.mark.parametrize("stream", [True, False])
def test_when_the_first_event_is_late_the_second_target_may_win(stream: bool) -> None:  # noqa: FBT001
    one = farm(Turn(seconds=30), b=Turn(seconds=1))
    text, seconds = last_of(one, stream=stream)
    assert text == "from x:b"
    assert seconds == pytest.approx(1.2)
    assert one.asked == ["a", "b"]
    assert one.open == 0


def test_the_first_may_still_win_and_the_second_is_closed() -> None:
    one = farm(Turn(seconds=0.5), b=Turn(seconds=1))
    assert last_of(one) == ("from x:a", pytest.approx(0.5))
    assert one.asked == ["a", "b"]


def test_a_single_target_is_asked_a_second_time() -> None:
    one = Farm(
        {"a": [*QUICK, Turn(seconds=30), Turn(seconds=1)]},
        {"hedging": {"budget": 0.1, "at_least": 0.2}},
    )
    text, seconds = last_of(one)
    assert (text, one.asked) == ("from x:a", ["a", "a"])
    assert seconds == pytest.approx(1.2)


def test_one_that_is_quick_enough_is_asked_alone() -> None:
    one = farm(Turn(seconds=0.15), b=Turn())
    assert last_of(one)[0] == "from x:a"
    assert one.asked == ["a"]


def test_who_is_not_known_well_enough_is_not_late() -> None:
    one = farm(Turn(), b=Turn())
    one.scripts = {"a": Turn(seconds=30), "b": Turn()}
    assert last_of(one, warm=0) == ("from x:a", 30)
    assert one.asked == ["a"]


def test_extra_requests_are_a_share_of_all() -> None:
    one = farm(Turn(seconds=30), b=Turn(seconds=1))

    async def run() -> int:
        for _ in range(30):
            await ask(one)
        one.calls.clear()
        for _ in range(60):
            await ask(one)
        return one.asked.count("b")

    assert played(run()) == 3 + 6


def test_without_tries_left_there_is_no_second() -> None:
    one = farm(Turn(seconds=30), b=Turn())
    one.options = {**one.options, "max_tries": 1}
    assert last_of(one) == ("from x:a", 30)


def test_when_the_late_one_fails_the_other_is_waited_for() -> None:
    one = farm(Turn(seconds=1, error=DOWN), b=Turn(seconds=5))
    assert last_of(one)[0] == "from x:b"


def test_when_both_fail_a_third_is_asked() -> None:
    one = farm(Turn(seconds=1, error=DOWN), b=Turn(seconds=2, error=DOWN), c=Turn())
    assert last_of(one)[0] == "from x:c"
    assert one.asked == ["a", "b", "c"]


def test_by_default_nobody_is_asked_twice_at_once() -> None:
    one = farm(Turn(seconds=30), b=Turn())
    one.options = {}
    assert last_of(one) == ("from x:a", 30)
    assert one.most_at_once == 1
