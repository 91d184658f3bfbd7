"""State in memory."""

import pytest

from llm_proxy.pipeline.state.memory import BEGINNINGS, MemoryStore
from llm_proxy.pipeline.state.shelf import Bound
from tests.support.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def bounded(clock: Clock, number: int, room: int = 1000) -> MemoryStore:
    """A store with so little room for some kinds."""
    kinds = ("k", "set", "used", "other")
    return MemoryStore(clock, dict.fromkeys(kinds, Bound(number, room)))


async def test_what_was_saved_is_loaded(clock: Clock) -> None:
    store = MemoryStore(clock)
    await store.save("a", b"1", 10)
    await store.save("b", b"", 10)
    assert (
        await store.load("a"),
        await store.load("b"),
        await store.load("c"),
    ) == (b"1", b"", None)


async def test_each_value_expires_after_its_own_time(clock: Clock) -> None:
    store = MemoryStore(clock)
    await store.save("short", b"1", 10)
    await store.save("long", b"2", 20)
    await clock.sleep(9.9)
    assert b"1" == await store.load("short")
    await clock.sleep(0.1)
    assert (await store.load("short"), await store.load("long")) == (None, b"2")
    await clock.sleep(10)
    assert await store.load("long") is None


async def test_reading_does_not_prolong_a_life_and_saving_does(clock: Clock) -> None:
    store = MemoryStore(clock)
    for key in ("read", "saved"):
        await store.save(key, b"1", 10)
    await clock.sleep(6)
    await store.load("read")
    await store.save("saved", b"2", 10)
    await clock.sleep(6)
    assert (await store.load("read"), await store.load("saved")) == (None, b"2")


async def test_over_the_bound_the_least_recently_used_goes(clock: Clock) -> None:
    store = bounded(clock, 2)
    await store.save("k:a", b"1", 10)
    await store.save("k:b", b"2", 10)
    await store.load("k:a")
    await store.save("k:c", b"3", 10)
    assert [b"1", None, b"3"] == [await store.load(f"k:{key}") for key in "abc"]


async def test_many_of_one_kind_displace_none_of_another(clock: Clock) -> None:
    store = bounded(clock, 2)
    await store.save("set:a", b"1", 10)
    for key in "bcde":
        await store.save(f"used:{key}", b"2", 10)
    assert await store.load("set:a") == b"1"
    assert await store.load("used:b") is None


async def test_the_expired_make_room_before_the_living(clock: Clock) -> None:
    store = bounded(clock, 2)
    await store.save("k:living", b"1", 100)
    await store.save("k:expired", b"2", 1)
    await clock.sleep(2)
    await store.save("k:new", b"3", 10)
    found = [await store.load(f"k:{key}") for key in ("living", "expired", "new")]
    assert [b"1", None, b"3"] == found


async def test_saving_a_key_again_takes_no_more_room(clock: Clock) -> None:
    store = bounded(clock, 2)
    await store.save("k:a", b"1", 10)
    for value in (b"1", b"2", b"3"):
        await store.save("k:b", value, 10)
    assert (await store.load("k:a"), await store.load("k:b")) == (b"1", b"3")


async def test_a_change_is_made_to_what_is_there(clock: Clock) -> None:
    store = MemoryStore(clock)
    for _ in range(3):
        await store.update("a", lambda kept: (kept or b"") + b"x", 10)
    assert await store.load("a") == b"xxx"
    await clock.sleep(11)
    assert await store.load("a") is None


async def test_a_change_to_nothing_drops_the_key(clock: Clock) -> None:
    store = MemoryStore(clock)
    await store.save("a", b"1", 10)
    await store.update("a", lambda _: None, 10)
    assert await store.load("a") is None


async def test_a_dropped_key_is_gone_and_dropping_it_again_is_no_error(clock: Clock) -> None:
    store = MemoryStore(clock)
    await store.save("a", b"1", 10)
    await store.drop("a")
    await store.drop("a")
    assert await store.load("a") is None


async def test_the_room_of_a_kind_is_bounded_in_bytes(clock: Clock) -> None:
    store = bounded(clock, 10, room=100)
    for key, size in (("k:a", 40), ("k:b", 40), ("other:a", 90)):
        await store.save(key, b"x" * size, 10)
    await store.load("k:a")
    await store.save("k:c", b"x" * 50, 10)
    kept = [await store.load(key) for key in ("k:a", "k:b", "k:c", "other:a")]
    assert [40, None, 50, 90] == [value and len(value) for value in kept]


async def test_what_is_larger_than_all_of_the_room_is_not_kept(clock: Clock) -> None:
    store = bounded(clock, 10, room=100)
    await store.save("k:a", b"old", 10)
    await store.save("k:b", b"1", 10)
    await store.save("k:a", b"x" * 101, 10)
    assert [None, b"1"] == [await store.load("k:a"), await store.load("k:b")]


async def test_small_values_are_counted(clock: Clock) -> None:
    store = bounded(clock, 3, room=100)
    for key in "abcd":
        await store.save(f"k:{key}", b"", 10)
    assert [None, b"", b"", b""] == [await store.load(f"k:{key}") for key in "abcd"]


async def test_beginnings_take_little_room_and_what_was_set_outlives_them(clock: Clock) -> None:
    store = MemoryStore(clock)
    await store.save("session:first", b"set", 60)
    for number in range(BEGINNINGS.number + 1):
        for kind in ("session-start", "session-answer", "session"):
            await store.save(f"{kind}:{number}", b"1", 60)
    assert [b"set", None, b"1"] == [
        await store.load(key) for key in ("session:first", "session-start:0", "session-start:1")
    ]
