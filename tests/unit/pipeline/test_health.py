"""What is learned of targets."""

import logging

import pytest

from llm_proxy.pipeline.breaker import BreakerLimits
from llm_proxy.pipeline.errors import (
    BackendOff,
    BadRequest,
    Busy,
    Fault,
    Kind,
    Untranslatable,
    UpstreamBroken,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from llm_proxy.pipeline.events import End, Event, Failure, TextDelta
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.trace import Target
from tests.support.clock import Clock

TARGET = Target("b", "m")
LIMITS = BreakerLimits(failures=2, cooldown=30.0)


class Known:
    def __init__(self) -> None:
        self.clock = Clock()
        self.health = Health(self.clock)
        self.record = self.health.of(TARGET)

    def call(self, error: Exception | None = None, *, begun: bool = False) -> None:
        call = self.record.enter(LIMITS, "streamed")
        if begun or error is None:
            call.answered()
        if error:
            call.failed(error)
        call.over(complete=error is None)

    @property
    def state(self) -> str:
        return self.record.circuit.state


@pytest.fixture
def known() -> Known:
    return Known()


def test_a_record_belongs_to_its_target_and_key(known: Known) -> None:
    assert known.health.of(Target("b", "m")) is known.record
    assert known.health.of(Target("b", "m", "2")) is not known.record


def test_requests_are_counted_while_they_are_there(known: Known) -> None:
    one, two = (known.record.enter(LIMITS, "streamed") for _ in range(2))
    assert known.record.in_flight == 2
    one.over()
    one.over()
    assert known.record.in_flight == 1
    two.over(complete=True)
    assert known.record.in_flight == 0


def test_the_time_to_the_first_event_is_remembered_by_kind(known: Known) -> None:
    call = known.record.enter(LIMITS, "streamed")
    known.clock.now += 2
    call.answered()
    assert known.record.latencies["streamed"].average == 2
    assert known.record.latencies["whole"].average is None


@pytest.mark.parametrize(
    "error",
    [
        UpstreamUnavailable("x"),
        UpstreamTimeout("x"),
        UpstreamBroken("x"),
        UpstreamBroken("x", fault=Fault.CONNECTION),
        UpstreamRateLimited("x"),
    ],
    ids=repr,
)
def test_what_is_the_targets_fault_opens_its_circuit(known: Known, error: Exception) -> None:
    known.call(error)
    assert known.state == "closed"
    known.call(error)
    assert known.state == "open"
    assert known.record.wait == 30


def test_an_answer_that_breaks_in_the_middle_counts_too(known: Known) -> None:
    known.call(UpstreamBroken("x"), begun=True)
    known.call(UpstreamBroken("x"), begun=True)
    assert known.state == "open"


@pytest.mark.parametrize(
    "error",
    [
        UpstreamRefused("x", Kind.BAD_REQUEST, 400),
        UpstreamRefused("x", Kind.NOT_FOUND, 404),
        Busy("x", retry_after=1),
        BadRequest("x"),
        ValueError("x"),
    ],
    ids=repr,
)
def test_what_is_not_its_fault_opens_nothing(known: Known, error: Exception) -> None:
    for _ in range(5):
        known.call(error)
    assert (known.state, known.record.wait) == ("closed", 0)


@pytest.mark.parametrize("class_", [UpstreamRateLimited, UpstreamUnavailable])
def test_who_asks_to_be_left_alone_is(known: Known, class_: type[UpstreamRateLimited]) -> None:
    known.call(class_("x", retry_after=7))
    assert (known.state, known.record.wait) == ("cooling", 7)


@pytest.mark.parametrize("fault", [Fault.AUTH, Fault.QUOTA])
def test_a_key_that_is_refused_rests_at_once(known: Known, fault: Fault) -> None:
    known.call(UpstreamBroken("x", fault=fault))
    assert (known.state, known.record.wait) == ("cooling", 30)


def test_a_probe_that_is_refused_has_been_answered(known: Known) -> None:
    known.call(UpstreamUnavailable("x"))
    known.call(UpstreamUnavailable("x"))
    known.clock.now += 30
    known.call(UpstreamRefused("x", Kind.BAD_REQUEST, 400))
    assert known.state == "closed"


def test_a_probe_that_is_given_up_leaves_the_way_free(known: Known) -> None:
    known.call(UpstreamUnavailable("x"))
    known.call(UpstreamUnavailable("x"))
    known.clock.now += 30
    probe = known.record.enter(LIMITS, "streamed")
    assert known.record.wait == 1
    probe.over()
    assert (known.state, known.record.wait) == ("half-open", 0)


def test_a_failed_call_from_before_does_not_end_the_probe_of_another(known: Known) -> None:
    old = known.record.enter(LIMITS, "streamed")
    known.call(UpstreamUnavailable("x"))
    known.call(UpstreamUnavailable("x"))
    known.clock.now += 30
    known.record.enter(LIMITS, "streamed")
    old.failed(UpstreamUnavailable("x"))
    old.over()
    assert known.record.wait == 1


def test_only_those_that_are_not_well_are_listed(known: Known) -> None:
    known.health.of(Target("b", "well"))
    known.call(UpstreamRateLimited("x", retry_after=7))
    assert {TARGET: ("cooling", 7.0)} == {
        target: (circuit.state, circuit.seconds)
        for target, circuit in known.health.circuits().items()
    }


def test_changes_are_logged(known: Known, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    known.call(UpstreamUnavailable("x"))
    known.call(UpstreamUnavailable("x"))
    known.clock.now += 30
    known.call()
    told = [(r.levelname, r.message, vars(r).get("state")) for r in caplog.records]
    assert told == [
        ("WARNING", "a circuit has changed", "open"),
        ("INFO", "a circuit is half-open: one request tries", None),
        ("INFO", "a circuit has changed", "closed"),
    ]
    assert vars(caplog.records[0])["reason"] == "overloaded"
    assert {"b:m"} == {vars(record)["target"] for record in caplog.records}


def test_so_many_are_remembered_and_no_more(known: Known) -> None:
    for number in range(5000):
        known.health.of(Target("b", str(number)))
    assert known.health.of(TARGET) is not known.record


def test_who_was_asked_for_longest_ago_is_forgotten_first(known: Known) -> None:
    for number in range(5000):
        known.health.of(Target("b", str(number)))
        known.health.of(TARGET)
    assert known.health.of(TARGET) is known.record


@pytest.mark.parametrize(
    ("events", "state"),
    [([TextDelta("a"), End()], "closed"), ([Failure(UpstreamBroken("x"))], "open"), ([], "closed")],
    ids=["complete", "failed", "abandoned"],
)
async def test_how_an_answer_ended_is_learned(
    known: Known, events: list[Event], state: str
) -> None:
    known.call(UpstreamBroken("x"))
    call = known.record.enter(LIMITS, "streamed")
    call.answered()
    async with Reply.of(Head("b", "m"), events) as reply:
        reply.on_close(lambda: call.ended(reply))
        if events:
            assert events == [event async for batch in reply for event in batch]
    assert (known.state, known.record.in_flight) == (state, 0)


def test_a_target_that_nothing_is_held_against_is_well_until_it_fails(known: Known) -> None:
    known.call()
    assert known.record.breaker.well
    known.call(UpstreamBroken("x"), begun=True)
    assert not known.record.breaker.well
    known.call()
    assert known.record.breaker.well


def test_a_probe_is_over_though_the_target_is_found_well_meanwhile(known: Known) -> None:
    known.record.hear(10, 0)
    known.clock.now += 10
    probe = known.record.enter(LIMITS, "streamed")
    known.record.hear_that_it_is_well()
    known.call()
    probe.answered()
    probe.over(complete=True)
    known.call(UpstreamBroken("x"))
    known.call(UpstreamBroken("x"))
    known.clock.now += 30
    assert (known.state, known.record.wait) == ("half-open", 0)


@pytest.mark.parametrize(
    "error",
    [
        Busy("x"),
        BackendOff("x"),
        Untranslatable("x", param="x"),
    ],
    ids=repr,
)
def test_a_probe_that_was_never_sent_has_learned_nothing(known: Known, error: Exception) -> None:
    known.call(UpstreamUnavailable("x"))
    known.call(UpstreamUnavailable("x"))
    known.clock.now += 30
    known.call(error)
    assert (known.state, known.record.wait) == ("half-open", 0)


def test_a_tenants_own_targets_are_others_than_everybodys() -> None:
    health = Health(Clock())
    acme, other = (health.seen_by(tenant, {"own"}) for tenant in ("acme", "other"))
    own, shared = Target("own", "m"), Target("shared", "m")
    assert 3 == len({id(view.of(own)) for view in (health, acme, other)})
    assert acme.of(own) is acme.of(own) is health.seen_by("acme", {"own"}).of(own)
    assert health.of(shared) is acme.of(shared) is other.of(shared)


def test_what_a_tenants_targets_are_like_is_told_with_its_name_and_to_nobody_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    health = Health(Clock())
    acme = health.seen_by("acme", {"own"})
    for backend in ("own", "shared"):
        call = acme.of(Target(backend, "m")).enter(BreakerLimits(1, 30), "whole")
        call.failed(UpstreamBroken("broken"))
    assert ["acme", None] == [vars(one).get("tenant") for one in caplog.records]
    assert [Target("shared", "m")] == list(health.circuits()) == list(acme.circuits())
