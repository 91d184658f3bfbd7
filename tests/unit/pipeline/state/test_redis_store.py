"""State on Redis: its names, its limits of time, and what it needs of a server."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from llm_proxy.pipeline.errors import CannotStart, StateAway
from llm_proxy.pipeline.state.address import Address
from llm_proxy.pipeline.state.redis import RedisStore
from tests.support.redis_server import RedisServer
from tests.support.stores import redis_store


@pytest.fixture
async def raw(redis: RedisServer) -> AsyncIterator[Redis]:
    """The server as somebody else sees it."""
    async with Redis.from_url(redis.url) as client:
        yield client


async def test_everything_stands_under_the_prefix(redis: RedisServer, raw: Redis) -> None:
    async with redis_store(redis, prefix="mine") as store:
        await store.save("session:a", b"1", 10)
        await store.update("session:b", lambda _: b"2", 10)
        await store.load("session:c")
    assert {b"mine:session:a", b"mine:session:b", b"mine:knock:{limits}"} == set(await raw.keys())


async def test_two_prefixes_know_nothing_of_each_other(redis: RedisServer) -> None:
    async with (
        redis_store(redis, prefix="one") as one,
        redis_store(redis, prefix="two") as two,
    ):
        await one.save("a", b"1", 10)
        assert await two.load("a") is None


async def test_two_stores_with_one_prefix_are_one(redis: RedisServer) -> None:
    async with redis_store(redis) as one, redis_store(redis) as two:
        await one.save("a", b"1", 10)
        assert b"1" == await two.load("a")


async def why_not(server: RedisServer, url: str | None = None) -> str:
    store = RedisStore(Address.of(url or server.url), "test", 0.1)
    with pytest.raises(CannotStart) as caught:
        async with store:
            pass
    assert not connected(store)
    return str(caught.value)


def connected(store: RedisStore) -> list[Any]:
    """The connections that a store has."""
    lines: Any = store._server._lines
    connections = [line._connection for line in lines if line._connection]
    return [one for one in connections if one.is_connected]


async def test_a_server_that_is_not_there_is_told(redis: RedisServer) -> None:
    redis.kill()
    why = await why_not(redis)
    assert re.fullmatch(
        r"state\.url: 127\.0\.0\.1:\d+ cannot be used: .*Connect call failed.*", why
    )


async def test_a_server_that_does_not_answer_is_told(redis: RedisServer) -> None:
    redis.pause()
    assert "no answer within 0.1 s" in await why_not(redis)


async def test_a_wrong_password_is_told_and_not_repeated(tmp_path: Path) -> None:
    with RedisServer(tmp_path, ["--requirepass", "fake-right"]) as server:
        right = server.url.replace("//", "//:fake-right@")
        why = await why_not(server, right.replace("right", "wrong"))
        async with RedisStore(Address.of(right), "test", 10) as store:
            await store.save("a", b"1", 10)
    assert "invalid username-password pair" in why
    assert "fake" not in why


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--rename-command", "EVAL", "", "--rename-command", "EVALSHA", ""), "unknown command"),
        (("--user", "default", "on", "nopass", "~*", "+@all", "-@scripting"), "no permissions"),
        (("--user", "default", "on", "nopass", "~other:*", "+@all"), "no permissions to access"),
        (("--cluster-enabled", "yes"), "whose URL begins with redis+cluster://"),
    ],
)
async def test_a_server_that_refuses_what_is_needed_is_told(
    tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    with RedisServer(tmp_path, options) as server:
        assert told in await why_not(server)


async def test_a_server_that_says_nothing_of_clusters_will_do(tmp_path: Path) -> None:
    with RedisServer(tmp_path, ["--rename-command", "INFO", ""]) as server:
        async with redis_store(server) as store:
            await store.save("a", b"1", 10)


async def test_no_call_waits_longer_than_its_limit(redis: RedisServer) -> None:
    async with redis_store(redis, timeout=0.1) as store:
        await store.save("a", b"1", 60)
        redis.pause()
        calls: list[Awaitable[object]] = [
            store.load("a"),
            store.save("a", b"2", 60),
            store.drop("a"),
            store.knock(),
        ]
        calls += [store.update("a", lambda _: b"3", 60) for _ in range(100)]
        failures = await asyncio.gather(*calls, return_exceptions=True)
        redis.resume()
        whys = {failure.why for failure in failures if isinstance(failure, StateAway)}
        assert ({"no answer within 0.1 s"}, {StateAway}) == (whys, {type(one) for one in failures})
        assert await store.load("b") is None


async def test_a_server_that_was_restarted_is_used_again(redis: RedisServer) -> None:
    async with redis_store(redis) as store:
        await store.update("a", lambda _: b"1", 60)
        redis.kill()
        with pytest.raises(StateAway, match="cannot be reached") as caught:
            await store.update("a", lambda _: b"2", 60)
        assert (503, 1) == (caught.value.status, caught.value.retry_after)
        assert "127.0.0.1" not in caught.value.message
        redis.start()
        await store.update("a", lambda _: b"3", 60)
        assert b"3" == await store.load("a")


async def test_whoever_gives_up_leaves_no_answer_for_another(redis: RedisServer) -> None:
    async with redis_store(redis) as store:
        for number in range(40):
            await store.save(f"key {number}", f"value {number}".encode(), 60)

        async def ask(number: int) -> bytes | None:
            return await store.load(f"key {number % 40}")

        for loops in range(30):
            calls = [asyncio.ensure_future(ask(number)) for number in range(80)]
            for _ in range(loops):
                await asyncio.sleep(0)
            for call in calls[::2]:
                call.cancel()
            given = await asyncio.gather(*calls, return_exceptions=True)
            expected = [f"value {number % 40}".encode() for number in range(80)]
            assert expected[1::2] == given[1::2]
        assert 4 >= len(connected(store))
