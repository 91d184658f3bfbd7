"""What is tried next after each failure, and when."""

import asyncio
from typing import Any

import pytest

from llm_proxy.pipeline.errors import (
    Fault,
    Kind,
    ProxyError,
    Unavailable,
    UpstreamBroken,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from llm_proxy.pipeline.events import End, Finish, Start
from llm_proxy.pipeline.parts import ToolResult
from llm_proxy.pipeline.request import Message
from tests.support.stages import asking, text_of
from tests.support.targets import Farm, Script, Turn, played

DOWN = UpstreamUnavailable("down")
BAD = UpstreamRefused("bad", Kind.BAD_REQUEST, 400)
CONFLICT = UpstreamRefused("conflict", Kind.CONFLICT, 409)
AUTH = UpstreamBroken("the key is wrong", fault=Fault.AUTH)


def limited(seconds: float | None) -> UpstreamRateLimited:
    return UpstreamRateLimited("slow down", retry_after=seconds)


def farm(keys: str = "", /, **scripts: Script) -> Farm:
    return Farm(scripts, keys=keys.split())


async def outcome(one: Farm, **request: Any) -> str:
    """The text of an answer, or the error."""
    try:
        async with await one.ask(asking(**{"stream": True, **request})) as reply:
            return text_of(await reply.collect())
    except ProxyError as error:
        return f"{error.status}: {error.message}"


def test_another_target_is_asked_at_once() -> None:
    one = farm(a=DOWN, b=Turn())
    assert played(outcome(one)) == "from x:b"
    assert (one.asked, one.times) == (["a", "b"], [0, 0])


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


def test_every_target_is_tried_though_there_are_more_than_three() -> None:
    one = farm(a=DOWN, b=DOWN, c=DOWN, d=DOWN, e=Turn())
    assert played(outcome(one)) == "from x:e"


@pytest.mark.parametrize("tries", [1, 2])
def test_there_is_one_number_of_tries_for_all(tries: int) -> None:
    one = farm(a=DOWN, b=DOWN, c=Turn())
    one.options = {"max_tries": tries}
    assert played(outcome(one)) == "503: down"
    assert len(one.calls) == tries


@pytest.mark.parametrize("error", [BAD, UpstreamRefused("no", Kind.TOO_LARGE, 413)])
def test_what_the_client_did_wrong_is_told_at_once(error: ProxyError) -> None:
    one = farm(a=error, b=Turn())
    assert played(outcome(one)).startswith(str(error.status))
    assert one.asked == ["a"]


@pytest.mark.parametrize("stream", [True, False])
def test_a_context_that_is_too_long_may_fit_elsewhere_but_never_here(stream: bool) -> None:  # noqa: FBT001
    error = UpstreamRefused("too long", Kind.CONTEXT_TOO_LONG, 400)
    one = farm(a=error, b=error)
    assert played(outcome(one, stream=stream)) == "400: too long"
    assert one.asked == ["a", "b"]


def test_a_conflict_is_tried_again_at_the_same_target() -> None:
    one = farm(a=[UpstreamRefused("locked", Kind.CONFLICT, 409), Turn()], b=Turn())
    assert played(outcome(one)) == "from x:a"
    assert one.asked == ["a", "a"]


def test_what_is_still_in_conflict_is_asked_elsewhere() -> None:
    one = farm(a=UpstreamRefused("locked", Kind.CONFLICT, 409), b=Turn())
    assert played(outcome(one)) == "from x:b"
    assert one.asked == ["a", "a", "b"]


def test_a_key_over_its_limit_gives_way_to_the_next_key() -> None:
    one = farm("1 2", a=Turn(), a1=limited(30), b=Turn())
    assert played(outcome(one)) == "from x:a (key 2)"
    assert one.times == [0, 0]


def test_a_key_that_is_refused_is_refused_for_every_model() -> None:
    one = farm("1 2", a=AUTH, b=AUTH)
    assert played(outcome(one)).startswith("502")
    assert one.asked == ["a1", "a2"]


def test_a_server_that_is_down_is_down_for_every_key() -> None:
    one = farm("1 2", a=[DOWN, Turn()], b=Turn())
    assert played(outcome(one)) == "from x:b (key 1)"
    assert one.asked == ["a1", "b1"]


def test_all_models_of_a_key_can_be_used_up_before_the_next_key() -> None:
    one = farm("1 2", a=limited(30), b=limited(30))
    one.options = {"exhaust": "models", "total_timeout": 10}
    played(outcome(one))
    assert one.asked == ["a1", "b1", "a2", "b2"]


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


def test_a_later_request_leaves_a_cooling_target_alone() -> None:
    one = farm(a=limited(60), b=Turn())

    async def ask() -> None:
        for _ in range(3):
            assert await outcome(one) == "from x:b"

    played(ask())
    assert one.asked == ["a", "b", "b", "b"]


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


def test_a_target_that_fails_again_and_again_is_left_alone_and_then_tried_by_one() -> None:
    one = farm(a=[*[DOWN] * 5, Turn(seconds=1)], b=Turn())
    one.options = {"breaker": {"failures": 5, "cooldown": 30}}

    async def ask() -> None:
        for _ in range(8):
            await outcome(one)
        assert one.asked.count("a") == 5
        await asyncio.sleep(30)
        answers = await asyncio.gather(*(outcome(one) for _ in range(4)))
        assert sorted(answers) == ["from x:a", *["from x:b"] * 3]
        assert await outcome(one) == "from x:a"

    played(ask())


def test_reactions_can_be_changed() -> None:
    one = farm(a=DOWN, b=Turn())
    one.options = {"on": {"overloaded": "tell"}}
    assert played(outcome(one)) == "503: down"
    two = farm(a=BAD, b=Turn())
    two.options = {"on": {"bad_request": "next_target"}}
    assert played(outcome(two)) == "from x:b"
    three = farm(a=[DOWN, Turn()], b=Turn())
    three.options = {"on": {"overloaded": "retry"}}
    assert played(outcome(three)) == "from x:a"


def test_a_stall_before_the_first_event_counts_as_a_failure() -> None:
    one = farm(a=Turn(seconds=3600), b=Turn())
    exchange = asking(stream=True)

    async def ask() -> str:
        async with await one.ask(exchange) as reply:
            return text_of(await reply.collect())

    assert played(ask()) == "from x:b"
    assert one.times == [0, 60]


@pytest.mark.parametrize("total", [5, 30])
def test_the_last_attempt_is_cut_to_the_time_that_is_left(total: float) -> None:
    one = farm(a=Turn(seconds=3, error=DOWN), b=Turn(seconds=3600))
    one.options = {"total_timeout": total, "max_tries": 2}

    async def ask() -> float:
        with pytest.raises(UpstreamTimeout):
            await one.ask(asking())
        return asyncio.get_running_loop().time() - 1000

    assert played(ask()) == pytest.approx(total)


EMPTY = Turn(events=[Start("i", "m", 1), Finish("stop"), End()])
FILTERED = Turn(events=[Start("i", "m", 1), Finish("content_filter"), End()])


def test_an_empty_answer_is_one_only_where_nobody_has_a_better_one() -> None:
    one = farm(a=EMPTY, b=Turn())
    assert played(outcome(one)) == "from x:b"
    assert one.open == 0
    two = farm(a=EMPTY, b=EMPTY)
    assert played(outcome(two)) == ""
    assert two.asked == ["a", "b"]


def test_after_a_tools_result_there_may_be_nothing_to_say() -> None:
    one = farm(a=EMPTY, b=Turn())
    messages = (Message("tool", (ToolResult("c", "42"),)),)
    assert played(outcome(one, messages=messages)) == ""


def test_a_filtered_answer_is_told_unless_the_file_says_otherwise() -> None:
    one = farm(a=FILTERED, b=Turn())
    assert played(outcome(one)) == ""
    one = farm(a=FILTERED, b=Turn())
    one.options = {"on": {"content_filter": "next_target"}}
    assert played(outcome(one)) == "from x:b"


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


def test_a_client_that_leaves_takes_everything_with_it() -> None:
    one = farm(a=Turn(seconds=100))

    async def ask() -> None:
        task = asyncio.ensure_future(outcome(one))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        (_, target), *_ = one.calls
        record = one.began().kit.health.of(target)
        assert (record.in_flight, record.circuit.state) == (0, "closed")

    played(ask())
