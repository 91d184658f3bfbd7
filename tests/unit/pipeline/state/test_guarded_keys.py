"""Callers' keys while shared state is away."""

import pytest

from llm_proxy.pipeline.errors import StateAway
from llm_proxy.pipeline.state.guarded import KEYS_KNOWN_FOR
from tests.support.guarded import Begin

KEY = "key:abc"


async def test_a_key_in_use_goes_on_while_nobody_can_look_it_up(begin: Begin) -> None:
    bench = begin("closed")
    await bench.shared.kept.save(KEY, b"mine", 1e6)
    assert b"mine" == await bench.store.load(KEY)
    bench.shared.is_away = True
    for _ in range(3):
        bench.clock.now += KEYS_KNOWN_FOR - 1
        assert b"mine" == await bench.store.load(KEY)
    bench.clock.now += KEYS_KNOWN_FOR + 1
    with pytest.raises(StateAway):
        await bench.store.load(KEY)


async def test_a_key_that_was_not_there_before_is_not_called_wrong(begin: Begin) -> None:
    bench = begin()
    assert await bench.store.load(KEY) is None
    bench.shared.is_away = True
    for _ in range(2):
        with pytest.raises(StateAway):
            await bench.store.load(KEY)


async def test_a_key_that_was_seen_to_be_revoked_does_not_come_back(begin: Begin) -> None:
    bench = begin()
    await bench.shared.kept.save(KEY, b"mine", 1e6)
    await bench.store.load(KEY)
    await bench.shared.kept.drop(KEY)
    assert await bench.store.load(KEY) is None
    bench.shared.is_away = True
    with pytest.raises(StateAway):
        await bench.store.load(KEY)


async def test_closed_keys_let_nobody_in(begin: Begin) -> None:
    bench = begin("local", "local", "closed")
    await bench.shared.kept.save(KEY, b"mine", 1e6)
    await bench.store.load(KEY)
    bench.shared.is_away = True
    with pytest.raises(StateAway):
        await bench.store.load(KEY)
