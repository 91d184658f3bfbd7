"""Circuits of which replicas tell each other."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from llm_proxy.pipeline.breaker import BreakerLimits
from llm_proxy.pipeline.circuits import LOOK_EVERY, SharedCircuits
from llm_proxy.pipeline.errors import StateAway, UpstreamBroken, UpstreamRateLimited
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.pipeline.trace import Target
from tests.support.clock import Clock

TARGET = Target("openai", "gpt-4", "2")
LIMITS = BreakerLimits(failures=2, cooldown=30)
BROKEN = UpstreamBroken("gone")
SINCE_1970 = 1e9


class Replica:
    """A process with what it has learned; all have one clock, and different ideas of its zero."""

    def __init__(self, store: MemoryStore, clock: Clock, started: float) -> None:
        self.health = Health(lambda: clock.now - started)
        self.circuits = SharedCircuits(store, self.health, lambda: clock.now + SINCE_1970)
        self.health.listeners.add(self.circuits._note)

    def asks(self, error: Exception | None = None, tenant: str = "") -> None:
        """One request to the target, and how it ends."""
        call = self.health.of(TARGET, tenant).enter(LIMITS, "whole")
        if error:
            call.failed(error)
        else:
            call.answered()
        call.over(complete=error is None)

    def state(self, tenant: str = "") -> tuple[str, float]:
        """The circuit's state, and the seconds until it changes."""
        circuit = self.health.of(TARGET, tenant).circuit
        return circuit.state, pytest.approx(circuit.seconds, abs=0.01)  # type: ignore[return-value]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def replica(clock: Clock) -> Callable[[], Replica]:
    store, starts = MemoryStore(clock), iter([0.0, 400.0, 900.0])
    return lambda: Replica(store, clock, next(starts))


async def told(*replicas: Replica) -> None:
    """Each looks, in this order."""
    for one in replicas:
        await one.circuits.exchange()


async def test_who_is_told_of_an_open_circuit_leaves_the_target_alone(
    replica: Callable[[], Replica], clock: Clock
) -> None:
    one, other = replica(), replica()
    for _ in range(2):
        one.asks(BROKEN)
    await told(one, other)
    assert other.state() == ("open", 30)
    clock.now += 10
    await told(one, other)
    assert other.state() == ("open", 20)
    clock.now += 21
    await told(one, other)
    assert other.state()[0] == "half-open"


async def test_a_target_that_asks_to_be_let_alone_is_by_all(replica: Callable[[], Replica]) -> None:
    one, other = replica(), replica()
    one.asks(UpstreamRateLimited("slow down", retry_after=12))
    await told(one, other)
    assert other.state() == ("cooling", 12)


async def test_a_longer_wait_is_told_too(replica: Callable[[], Replica]) -> None:
    one, other = replica(), replica()
    for seconds in (5, 50):
        one.asks(UpstreamRateLimited("slow down", retry_after=seconds))
        await told(one, other)
    assert other.state() == ("cooling", 50)


async def test_one_probe_that_goes_well_is_enough_for_all(
    replica: Callable[[], Replica], clock: Clock
) -> None:
    one, other, third = replica(), replica(), replica()
    for _ in range(2):
        one.asks(BROKEN)
    await told(one, other, third)
    clock.now += 31
    one.asks(BROKEN)  # its probe: open again, for longer
    await told(one, other, third)
    assert other.state() == ("open", 60)
    clock.now += 61
    other.asks()
    await told(other, one, third)
    assert third.state() == ("closed", 0)
    assert other.state() == ("closed", 0)


async def test_what_was_found_here_stays_until_it_is_well_here(
    replica: Callable[[], Replica],
) -> None:
    one, other = replica(), replica()
    for each in (one, other):
        for _ in range(2):
            each.asks(BROKEN)
    await told(one, other)
    await one.circuits._store.drop("circuits:all")
    await told(one, other)
    assert other.state() == ("open", 30)


async def test_tenants_with_keys_of_their_own_are_told_apart(
    replica: Callable[[], Replica],
) -> None:
    one, other = replica(), replica()
    for _ in range(2):
        one.asks(BROKEN, tenant="acme")
    await told(one, other)
    assert other.state("acme") == ("open", 30)
    assert other.state() == ("closed", 0)


async def test_a_change_is_told_in_the_log(
    replica: Callable[[], Replica], caplog: pytest.LogCaptureFixture
) -> None:
    one, other = replica(), replica()
    for _ in range(2):
        one.asks(BROKEN)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        await told(one, other, other)
    assert [vars(record)["reason"] for record in caplog.records] == ["told by another process"]


@pytest.mark.parametrize("kept", [b"", b"{}", b"[[1]]", b"\xff", b'[["a","b","c","d","e","f"]]'])
async def test_what_another_version_has_written_is_nothing(
    replica: Callable[[], Replica], kept: bytes
) -> None:
    one = replica()
    await one.circuits._store.save("circuits:all", kept, 60)
    await told(one)
    assert one.state() == ("closed", 0)


async def test_what_is_over_is_kept_no_longer(replica: Callable[[], Replica], clock: Clock) -> None:
    one = replica()
    one.asks(UpstreamRateLimited("slow down", retry_after=12))
    await told(one)
    clock.now += 13
    one.asks(UpstreamRateLimited("slow down", retry_after=0.001))
    clock.now += 1
    await told(one)
    assert await one.circuits._store.load("circuits:all") == b"[]"


class Away(MemoryStore):
    """A store that is not there for the first looks."""

    looks = 0

    async def load(self, key: str) -> bytes | None:
        self.looks += 1
        if self.looks < 3:
            raise StateAway("gone") if self.looks == 1 else KeyError("a defect")
        return await super().load(key)


async def test_it_looks_again_and_again_whatever_happens(caplog: pytest.LogCaptureFixture) -> None:
    clock, store, slept = Clock(), Away(Clock()), list[float]()
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 6:
            enough.set()
            await asyncio.Event().wait()

    health = Health(clock)
    async with SharedCircuits(store, health, clock, sleep):
        await enough.wait()
    assert store.looks == 5
    assert set(slept) == {LOOK_EVERY}
    assert [record.message for record in caplog.records] == ["circuits cannot be exchanged"]
    assert health.listeners == set()
