"""When a target is left alone, and when it is tried again."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.breaker import PROBE_TAKES, Breaker, BreakerLimits

LIMITS = BreakerLimits(failures=3, cooldown=10.0)


def failed(breaker: Breaker, now: float, times: int = 1) -> None:
    for _ in range(times):
        breaker.fail(now, LIMITS, probe=breaker.enter(now))


def test_a_new_one_is_closed() -> None:
    assert (Breaker().state(0), Breaker().wait(0)) == ("closed", 0)


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker()
    failed(breaker, 0, 2)
    assert breaker.state(0) == "closed"
    failed(breaker, 0)
    assert (breaker.state(0), breaker.wait(4)) == ("open", 6)


def test_a_success_between_them_begins_the_row_anew() -> None:
    breaker = Breaker()
    failed(breaker, 0, 2)
    breaker.succeed(10)
    failed(breaker, 0, 2)
    assert breaker.state(0) == "closed"


def test_after_the_cooldown_one_request_probes_and_the_others_wait() -> None:
    breaker = Breaker()
    failed(breaker, 0, 3)
    assert (breaker.state(10), breaker.wait(10)) == ("half-open", 0)
    assert breaker.enter(10)
    assert breaker.wait(10) == PROBE_TAKES
    assert not breaker.enter(10), "a second one is no probe"


def test_a_probe_that_is_answered_closes_it_but_the_next_failure_opens_it_again() -> None:
    breaker = Breaker()
    failed(breaker, 0, 3)
    breaker.answer(LIMITS, probe=breaker.enter(10))
    assert (breaker.state(10), breaker.wait(10)) == ("closed", 0)
    failed(breaker, 11)
    assert breaker.state(11) == "open"


def test_each_time_that_it_opens_again_it_stays_so_twice_as_long_up_to_an_end() -> None:
    breaker, now, waits = Breaker(), 0.0, list[float]()
    failed(breaker, now, 3)
    for _ in range(7):
        waits.append(breaker.wait(now))
        now += waits[-1]
        failed(breaker, now)
    assert waits == [10, 20, 40, 80, 160, 160, 160]


def test_a_complete_answer_makes_it_as_good_as_new() -> None:
    breaker = Breaker()
    failed(breaker, 0, 3)
    breaker.answer(LIMITS, probe=breaker.enter(10))
    breaker.succeed(10)
    failed(breaker, 11, 2)
    assert breaker.state(11) == "closed"
    failed(breaker, 11)
    assert breaker.wait(11) == 10


def test_a_probe_that_is_given_up_lets_another_try() -> None:
    breaker = Breaker()
    failed(breaker, 0, 3)
    breaker.leave(probe=breaker.enter(10))
    assert breaker.wait(10) == 0


def test_late_failures_of_requests_from_before_do_not_prolong_it() -> None:
    breaker = Breaker()
    failed(breaker, 0, 3)
    breaker.fail(5, LIMITS, probe=False)
    assert breaker.wait(5) == 5


def test_a_late_success_from_before_does_not_close_it() -> None:
    breaker = Breaker()
    failed(breaker, 0, 3)
    breaker.succeed(10)
    assert breaker.state(1) == "open"


def test_cooling_lets_all_in_afterwards() -> None:
    breaker = Breaker()
    breaker.cool(0, 7)
    assert (breaker.state(3), breaker.wait(3)) == ("cooling", 4)
    assert (breaker.state(7), breaker.wait(7), breaker.enter(7)) == ("closed", 0, False)


def test_a_longer_wait_is_never_shortened_and_a_new_one_counts_from_now() -> None:
    breaker = Breaker()
    breaker.cool(0, 10)
    breaker.cool(1, 2)
    assert breaker.wait(1) == 9
    breaker.cool(5, 10)
    assert breaker.wait(5) == 10


@pytest.mark.parametrize("seconds", [86_400.0, 1e9])
def test_nobody_is_left_alone_for_longer_than_an_hour(seconds: float) -> None:
    breaker = Breaker()
    breaker.cool(0, seconds)
    assert breaker.wait(0) == 3600


def test_open_and_cooling_together_last_as_long_as_the_longer() -> None:
    breaker = Breaker()
    failed(breaker, 0, 3)
    breaker.cool(0, 25)
    assert breaker.wait(12) == 13


ACTS: dict[str, Callable[[Breaker, float], object]] = {
    "fail": failed,
    "fail late": lambda breaker, now: breaker.fail(now, LIMITS, probe=False),
    "enter": lambda breaker, now: breaker.enter(now),
    "answer": lambda breaker, _: breaker.answer(LIMITS, probe=False),
    "probe": lambda breaker, now: breaker.answer(LIMITS, probe=breaker.enter(now)),
    "leave": lambda breaker, now: breaker.leave(probe=breaker.enter(now)),
    "succeed": lambda breaker, now: breaker.succeed(now),
    "cool": lambda breaker, now: breaker.cool(now, 7),
    "hear": lambda breaker, now: breaker.hear(now, 5, 3),
    "well": lambda breaker, _: breaker.hear_that_it_is_well(),
}


def kept(breaker: Breaker) -> dict[str, object]:
    return {name: getattr(breaker, name) for name in Breaker.__slots__}


@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from([0.0, 1.0, 20.0]))))
def test_while_it_is_well_all_may_come_and_their_success_is_no_news(
    acts: list[tuple[str, float]],
) -> None:
    breaker, now = Breaker(), 0.0
    for act, later in acts:
        now += later
        ACTS[act](breaker, now)
        if breaker.well:
            assert (breaker.state(now), breaker.wait(now)) == ("closed", 0)
            before = kept(breaker)
            assert not breaker.enter(now)
            breaker.answer(LIMITS, probe=False)
            breaker.leave(probe=False)
            breaker.succeed(now)
            assert before == kept(breaker)


def test_it_is_well_again_once_an_answer_is_complete_and_the_cooling_is_over() -> None:
    breaker = Breaker()
    breaker.cool(0, 7)
    breaker.succeed(3)
    assert not breaker.well
    breaker.succeed(7)
    assert breaker.well
