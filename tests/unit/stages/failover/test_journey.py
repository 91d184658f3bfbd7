"""What is tried next after each failure."""

import asyncio

import pytest

from llm_proxy.pipeline.errors import (
    Fault,
    Kind,
    ProxyError,
    UpstreamBroken,
    UpstreamRefused,
    UpstreamTimeout,
)
from llm_proxy.pipeline.events import End, Finish, Start
from llm_proxy.pipeline.parts import ToolResult
from llm_proxy.pipeline.request import Message
from tests.support.stages import asking, text_of
from tests.support.targets import Turn, played
from tests.unit.stages.failover.outcomes import DOWN, farm, limited, outcome

BAD = UpstreamRefused("bad", Kind.BAD_REQUEST, 400)
AUTH = UpstreamBroken("the key is wrong", fault=Fault.AUTH)


def test_another_target_is_asked_at_once() -> None:
    one = farm(a=DOWN, b=Turn())
    assert played(outcome(one)) == "from x:b"
    assert (one.asked, one.times) == (["a", "b"], [0, 0])


def test_every_target_is_tried_though_there_are_more_than_three() -> None:
    one = farm(a=DOWN, b=DOWN, c=DOWN, d=DOWN, e=Turn())
    assert played(outcome(one)) == "from x:e"


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


def test_a_later_request_leaves_a_cooling_target_alone() -> None:
    one = farm(a=limited(60), b=Turn())

    async def ask() -> None:
        for _ in range(3):
            assert await outcome(one) == "from x:b"

    played(ask())
    assert one.asked == ["a", "b", "b", "b"]


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
        assert one.began()._means.retries.requests == 0

    played(ask())


@pytest.mark.parametrize("error", [None, BAD, DOWN], ids=["answered", "refused", "repeated"])
def test_requests_at_work_are_counted_until_they_begin_to_be_answered_or_fail(
    error: ProxyError | None,
) -> None:
    one = farm(a=Turn(seconds=1, error=error))

    async def ask() -> list[int]:
        asked, counted = asyncio.ensure_future(outcome(one)), list[int]()
        while not asked.done():
            counted.append(one.began()._means.retries.requests)
            await asyncio.sleep(0.25)
        return [max(counted), one.began()._means.retries.requests]

    assert [1, 0] == played(ask())
