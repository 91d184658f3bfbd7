"""Making and unmaking keys, on a real server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from redis.asyncio import Redis

from llm_proxy.pipeline.grants import NO_GRANTS, Grants
from llm_proxy.pipeline.keys.ledger import Ledger
from llm_proxy.pipeline.keys.stored import name_of, parts_of, read
from llm_proxy.pipeline.state.address import Address
from llm_proxy.pipeline.state.redis import RedisStore
from tests.support.redis_groups import cluster
from tests.support.redis_server import RedisServer
from tests.support.stores import redis_store

NOW = 1_000_000.0


@pytest.fixture
async def store(redis: RedisServer) -> AsyncIterator[RedisStore]:
    async with redis_store(redis) as store:
        yield store


@pytest.fixture
def ledger(store: RedisStore) -> Ledger:
    return Ledger(store, lambda: NOW)


async def test_what_is_made_is_kept_without_its_secret(ledger: Ledger, redis: RedisServer) -> None:
    grants = Grants(models=("gpt-*",))
    shown, key = await ledger.create("acme", grants, NOW + 60)
    assert (key.tenant, key.created, key.expires, key.grants) == ("acme", NOW, NOW + 60, grants)
    assert await ledger.all() == [key]
    async with Redis.from_url(redis.url) as raw:
        kept = [await raw.get(name) for name in await raw.keys("test:key:*")]
    assert len(kept) == 1
    assert shown.secret.encode() not in kept[0]


async def test_keys_are_listed_oldest_first(store: RedisStore) -> None:
    times = iter((3.0, 1.0, 2.0))
    ledger = Ledger(store, lambda: next(times))
    third, first, second = [(await ledger.create("a", NO_GRANTS, None))[1] for _ in range(3)]
    assert await ledger.all() == [first, second, third]


async def test_a_revoked_key_is_gone(ledger: Ledger) -> None:
    _, key = await ledger.create("acme", NO_GRANTS, None)
    _, other = await ledger.create("acme", NO_GRANTS, None)
    assert await ledger.revoke(key.id) == key
    assert await ledger.all() == [other]


async def test_many_at_once_are_all_listed(ledger: Ledger) -> None:
    made = await asyncio.gather(*(ledger.create("acme", NO_GRANTS, None) for _ in range(20)))
    await asyncio.gather(*(ledger.revoke(key.id) for _, key in made[::2]))
    assert {key.id for key in await ledger.all()} == {key.id for _, key in made[1::2]}


async def test_what_is_gone_is_listed_no_more(ledger: Ledger, store: RedisStore) -> None:
    _, gone = await ledger.create("acme", NO_GRANTS, None)
    _, other = await ledger.create("acme", NO_GRANTS, None)
    await store.drop(name_of(gone.id))
    before = await store.load("key-ids")
    assert await ledger.all() == [other]
    assert (before, await store.load("key-ids")) == (
        orjson.dumps(sorted([gone.id, other.id])),
        orjson.dumps([other.id]),
    )


async def test_rotation_changes_the_secret_and_nothing_else(ledger: Ledger) -> None:
    shown, key = await ledger.create("acme", Grants(backends=("openai",)), NOW + 60)
    new, rotated = await ledger.rotate(key.id)
    assert await ledger.all() == [rotated]
    assert replace(rotated, digest=key.digest, last=key.last) == key
    assert rotated.fits(new.secret)
    assert not rotated.fits(shown.secret)
    assert parts_of(new.text) == new


@pytest.mark.parametrize("act", [Ledger.revoke, Ledger.rotate])
async def test_a_key_that_is_not_there_is_told(ledger: Ledger, act: object) -> None:
    assert callable(act)
    with pytest.raises(LookupError, match='there is no key "abc"'):
        await act(ledger, "abc")
    assert await ledger.all() == []


async def test_a_key_that_is_revoked_meanwhile_is_not_made_again(
    ledger: Ledger, store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = await ledger.create("acme", NO_GRANTS, None)
    load = store.load

    async def loaded_too_late(name: str) -> bytes | None:
        found = await load(name)
        await store.drop(name)
        return found

    monkeypatch.setattr(store, "load", loaded_too_late)
    with pytest.raises(LookupError):
        await ledger.rotate(key.id)
    assert await ledger.all() == []


async def test_keys_of_a_cluster_are_all_listed(tmp_path: Path) -> None:
    async with cluster(tmp_path) as servers:
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
        async with RedisStore(Address.of(f"redis+cluster://{hosts}"), "test", 10) as store:
            ledger = Ledger(store, lambda: NOW)
            made = [(await ledger.create("acme", NO_GRANTS, None))[1] for _ in range(9)]
            _, rotated = await ledger.rotate(made[0].id)
            await ledger.revoke(made[1].id)
            listed = await ledger.all()
    assert listed == sorted([rotated, *made[2:]], key=lambda key: key.id)


async def test_a_key_is_known_for_a_month_after_its_end(
    ledger: Ledger, redis: RedisServer, store: RedisStore
) -> None:
    _, ending = await ledger.create("acme", NO_GRANTS, NOW + 60)
    _, lasting = await ledger.create("acme", NO_GRANTS, None)
    async with Redis.from_url(redis.url) as raw:
        lives = [await raw.pttl(f"test:{name_of(key.id)}") / 1000 for key in (ending, lasting)]
    assert lives == pytest.approx([60 + 30 * 86400, 100 * 365 * 86400], abs=60)
    assert read(await store.load(name_of(lasting.id))) == lasting
