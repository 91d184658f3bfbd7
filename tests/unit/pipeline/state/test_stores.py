"""What every store does, wherever it keeps things."""

import asyncio

from llm_proxy.pipeline.state.store import Change, finished
from tests.support.stores import Kept


async def test_what_was_saved_is_loaded(kept: Kept) -> None:
    store = kept.store
    await store.save("a", b"1", 10)
    await store.save("b", b"", 10)
    await store.save("ü: {}\n", bytes(range(256)), 10)
    assert [b"1", b"", None] == [await store.load(key) for key in "abc"]
    assert bytes(range(256)) == await store.load("ü: {}\n")


async def test_each_value_expires_after_its_own_time(kept: Kept) -> None:
    store = kept.store
    await store.save("short", b"1", 0.05)
    await store.save("long", b"2", 60)
    await store.save("shorter than can be measured", b"3", 0.0001)
    await kept.wait(0.1)
    assert (await store.load("short"), await store.load("long")) == (None, b"2")
    assert await store.load("shorter than can be measured") is None


async def test_saving_prolongs_a_life_and_reading_does_not(kept: Kept) -> None:
    store = kept.store
    for key in ("read", "saved", "changed"):
        await store.save(key, b"1", 0.1)
    await store.load("read")
    await store.save("saved", b"2", 60)
    await store.update("changed", lambda _: b"3", 60)
    await kept.wait(0.15)
    assert [None, b"2", b"3"] == [await store.load(key) for key in ("read", "saved", "changed")]


async def test_a_dropped_key_is_gone_and_dropping_it_again_is_no_error(kept: Kept) -> None:
    store = kept.store
    await store.save("a", b"1", 10)
    await store.drop("a")
    await store.drop("a")
    assert await store.load("a") is None


async def test_a_change_sees_what_is_there(kept: Kept) -> None:
    store = kept.store
    seen: bytes | None = b"?"

    def change(before: bytes | None) -> bytes:
        nonlocal seen  # the last time counts: a store may guess at first
        seen = before
        return (before or b"") + b"!"

    await store.update("a", change, 10)
    assert seen is None
    await store.update("a", change, 10)
    assert b"!" == seen
    await store.save("empty", b"", 10)
    await store.update("empty", change, 10)
    assert b"" == seen
    assert (await store.load("a"), await store.load("empty")) == (b"!!", b"!")


async def test_several_are_changed_each_for_itself(kept: Kept) -> None:
    store = kept.store
    await store.save("there", b"1", 10)
    await store.save("to go", b"2", 10)

    def more(before: bytes | None) -> bytes:
        return (before or b"") + b"!"

    changes: dict[str, Change | bytes] = {
        "there": more,
        "new": more,
        "to go": lambda _: None,
        "nothing": lambda _: None,
        "value": b"3",
    }
    for _ in range(2):
        await finished(store.update_all(changes, 60))
    assert [b"1!!", b"!!", None, None, b"3"] == [await store.load(key) for key in changes]
    await finished(store.update_all({"there": b"4"}, 60))
    assert b"4" == await store.load("there")
    await finished(store.update_all({"there": more}, 60))
    assert b"4!" == await store.load("there")


async def test_a_change_sees_what_another_has_put_there_behind_its_back(kept: Kept) -> None:
    store = kept.store
    large = b"x" * 3_000_000
    for value in (b"1", b"", b"2" * 5_000, large):
        await store.update("session:a", lambda before: (before or b"") + b"!", 60)
        await store.save("session:a", value, 60)
        await store.update("session:a", lambda before: (before or b"") + b"!", 60)
        assert value + b"!" == await store.load("session:a")
    await store.drop("session:a")
    await store.update("session:a", lambda before: (before or b"") + b"!", 60)
    assert b"!" == await store.load("session:a")


async def test_a_change_to_nothing_drops(kept: Kept) -> None:
    store = kept.store
    await store.save("a", b"1", 10)
    for key in ("a", "never there"):
        await store.update(key, lambda _: None, 10)
        assert await store.load(key) is None


async def test_of_changes_at_once_none_is_lost(kept: Kept) -> None:
    store = kept.store

    def one_more(before: bytes | None) -> bytes:
        return str(int(before or b"0") + 1).encode()

    await asyncio.gather(*(store.update("count", one_more, 60) for _ in range(50)))
    assert b"50" == await store.load("count")


async def test_only_the_first_adds_until_it_is_gone(kept: Kept) -> None:
    store = kept.store
    added = await asyncio.gather(*(store.add("a", bytes([n]), 60) for n in range(9)))
    assert 1 == sum(added)
    assert bytes([added.index(True)]) == await store.load("a")
    await store.save("b", b"", 60)
    assert not await store.add("b", b"1", 60)
    await store.drop("b")
    assert await store.add("b", b"1", 0.05)
    await kept.wait(0.1)
    assert await store.add("b", b"2", 60)
    assert b"2" == await store.load("b")
