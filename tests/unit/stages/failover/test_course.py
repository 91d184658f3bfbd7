"""Where a request goes next."""

from collections.abc import Sequence
from math import inf

import pytest

from llm_proxy.pipeline.breaker import BreakerLimits
from llm_proxy.pipeline.errors import (
    BadRequest,
    Kind,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
)
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.failover.course import Course, NobodyThere
from llm_proxy.stages.failover.options import FailoverOptions
from tests.support.clock import Clock

DOWN = UpstreamUnavailable("down")


class Way:
    def __init__(self, names: Sequence[str] = ("a", "b"), **options: object) -> None:
        self.clock = Clock()
        self.health = Health(self.clock)
        self.targets = [Target("x", name[0], name[1:]) for name in names]
        given = FailoverOptions.model_validate(options)
        self.course = Course(self.targets, given, self.health, self.clock, self.clock.now + 100)


def test_every_target_is_taken_once_before_any_is_taken_again() -> None:
    way, taken = Way(max_tries=9), list[str]()
    for _ in range(4):
        stop = way.course.take()
        way.course.failed(stop, DOWN)
        taken.append(stop.target.model)
    assert taken == ["a", "b", "a", "b"]


def test_tries_are_counted_and_end() -> None:
    way = Way(max_tries=1)
    assert way.course.may_try
    way.course.take()
    assert not way.course.may_try


@pytest.mark.parametrize(("names", "tries"), [(["a"], 3), (["a1", "a2", "b1", "b2"], 4)])
def test_without_a_number_there_is_a_try_for_each_and_at_least_three(
    names: list[str], tries: int
) -> None:
    assert Way(names).course.max_tries == tries


def test_nothing_is_waited_for_beyond_the_deadline() -> None:
    way = Way(["a"])
    way.course.failed(way.course.take(), UpstreamRateLimited("x", retry_after=99))
    assert way.course.may_try
    way.course.failed(way.course._stops[0], UpstreamRateLimited("x", retry_after=100))
    assert not way.course.may_try


def test_who_has_a_lasting_fault_is_out() -> None:
    way = Way(["a"])
    way.course.failed(way.course.take(), UpstreamRefused("x", Kind.NOT_FOUND, 404))
    assert way.course.seconds_until_next() == inf
    with pytest.raises(NobodyThere) as caught:
        way.course.take()
    assert caught.value.retry_after is None


def test_an_error_of_ours_changes_nothing() -> None:
    way = Way()
    way.course.failed(way.course.take(), BadRequest("x"))
    assert way.course.take().target.model == "a"


def test_a_target_that_is_left_alone_is_passed_over() -> None:
    way = Way()
    way.health.of(way.targets[0]).breaker.cool(way.clock.now, 10)
    assert way.course.take().target.model == "b"


def test_when_all_are_left_alone_the_error_tells_for_how_long() -> None:
    way = Way()
    for target, seconds in zip(way.targets, (30, 20), strict=True):
        way.health.of(target).breaker.cool(way.clock.now, seconds)
    with pytest.raises(NobodyThere) as caught:
        way.course.take()
    assert caught.value.retry_after == 20
    assert (way.course.tries, way.course.may_try) == (0, True)


def test_beside_a_slow_target_there_is_another_or_itself() -> None:
    way = Way()
    slow = way.course.take()
    assert way.course.has_another(slow)
    assert way.course.can_be_joined(slow)
    assert way.course.take(beside=slow).target.model == "b"
    assert not way.course.has_another(slow)
    assert way.course.take(beside=slow) is slow
    assert not way.course.can_be_joined(slow), "three tries are all"


def test_who_was_to_be_asked_again_is_passed_over_once_it_is_to_be_left_alone() -> None:
    way = Way(longest_wait=5)
    way.course.failed(way.course.take(), UpstreamRefused("x", Kind.CONFLICT, 409))
    assert way.course.next_is_repeated()
    way.health.of(way.targets[0]).breaker.cool(way.clock.now, 30)
    assert way.course.take().target.model == "b"


def test_a_repetition_that_may_not_be_makes_way_for_the_others() -> None:
    way = Way()
    way.course.failed(way.course.take(), UpstreamRefused("x", Kind.CONFLICT, 409))
    way.course.move_on()
    assert not way.course.next_is_repeated()
    assert way.course.take().target.model == "b"
    assert way.course.next_is_repeated()


def test_a_wait_that_is_all_but_over_is_over() -> None:
    way = Way(["a"])
    way.health.of(way.targets[0]).breaker.cool(way.clock.now, 10)
    way.clock.now += 9.999
    assert way.course.take().target.model == "a"


def test_a_probe_of_another_request_is_waited_for() -> None:
    way = Way(["a"])
    record = way.health.of(way.targets[0])
    limits = BreakerLimits(failures=1, cooldown=5)
    record.enter(limits, "streamed").failed(DOWN)
    way.clock.now += 5
    record.enter(limits, "streamed")
    with pytest.raises(NobodyThere) as caught:
        way.course.take()
    assert caught.value.retry_after == 1
