"""State on a cluster, and on a server that sentinels know."""

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis

from llm_proxy.pipeline.errors import CannotStart, StateAway
from llm_proxy.pipeline.state.address import Address
from llm_proxy.pipeline.state.charges import Charge, Lease
from llm_proxy.pipeline.state.redis import RedisStore
from tests.support.redis_groups import cluster, watched
from tests.support.redis_server import RedisServer

DAY = 86_400.0
SLOT = Charge("d", 2, 0, is_held=True)


def store_at(url: str, seconds: float = 10) -> RedisStore:
    return RedisStore(Address.of(url), "test", seconds)


def one_more(before: bytes | None) -> bytes:
    return str(int(before or b"0") + 1).encode()


async def test_a_cluster_keeps_values_everywhere_and_limits_together(tmp_path: Path) -> None:
    async with cluster(tmp_path) as servers:
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers[:2])
        async with store_at(f"redis+cluster://{hosts}") as store:
            keys = [f"session:{number}" for number in range(60)]
            await asyncio.gather(*(store.save(key, key.encode(), 60) for key in keys))
            found = await asyncio.gather(*(store.load(key) for key in keys))
            assert keys == [(value or b"").decode() for value in found]
            await asyncio.gather(*(store.update("count", one_more, 60) for _ in range(30)))
            assert b"30" == await store.load("count")
            charges = [Charge("a", 9, DAY), Charge("b", 50, DAY)]
            given = await asyncio.gather(*(store.take(charges) for _ in range(30)))
            assert 9 == sum(not any(one.wait for one in standings) for standings in given)
            held, lease = [Charge("c", 9, DAY, 5, is_held=True), SLOT], Lease("one", 60)
            await store.take(held, lease)
            await store.keep(held, lease)
            await store.settle(held, lease, [1, 0])
            standings = await store.take(held, Lease("two", 60))
            assert [3, 1] == pytest.approx([one.left for one in standings], abs=0.1)
            for server in servers:
                async with Redis.from_url(server.url) as raw:
                    assert await raw.keys("test:session:*")
            servers[0].kill()
            calls = [store.load(key) for key in keys]
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert {bytes, StateAway} >= {type(outcome) for outcome in outcomes}
            assert any(isinstance(outcome, StateAway) for outcome in outcomes)


async def test_a_server_without_a_cluster_is_told(redis: RedisServer) -> None:
    with pytest.raises(CannotStart, match="Cluster mode is not enabled"):
        async with store_at(redis.url.replace("redis:", "redis+cluster:").removesuffix("/0")):
            pass


async def test_a_cluster_that_is_not_there_is_told(redis: RedisServer) -> None:
    redis.kill()
    with pytest.raises(CannotStart, match=f"127.0.0.1:{redis.port} cannot be used"):
        async with store_at(f"redis+cluster://127.0.0.1:{redis.port}"):
            pass


async def test_sentinels_are_asked_for_the_master_also_when_it_changes(tmp_path: Path) -> None:
    async with watched(tmp_path) as (master, replica, sentinel):
        at = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel.port}"
        with pytest.raises(CannotStart, match="No master found for 'other'"):
            async with store_at(f"{at}/other"):
                pass
        async with store_at(f"{at}/main") as store:
            await store.save("a", b"1", 60)
            master.kill()
            with pytest.raises(StateAway):
                await store.save("a", b"2", 60)
            async with asyncio.timeout(30):
                while not await _saved(store, "a", b"3"):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.05)
        async with Redis.from_url(replica.url) as raw:
            assert b"3" == await raw.get("test:a")


async def _saved(store: RedisStore, key: str, value: bytes) -> bool:
    try:
        await store.save(key, value, 60)
    except StateAway:
        return False
    return True
