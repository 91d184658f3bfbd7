"""Lines to a Redis server."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from llm_proxy.pipeline.state.redis_lines import ServerLine
from tests.support.redis_server import RedisServer


@pytest.fixture
async def line(redis: RedisServer) -> AsyncIterator[ServerLine]:
    async with Redis.from_url(redis.url) as client:
        yield ServerLine(client)


async def test_each_command_is_answered_in_its_place(line: ServerLine) -> None:
    commands = [("SET", "ü", b"\r\n\x00\xff"), ("GET", "ü"), ("LPUSH", "ü", 1), ("GET", "none")]
    done, kept, refused, nothing = await line.answers(commands)
    assert (b"OK", b"\r\n\x00\xff", None) == (done, kept, nothing)
    assert isinstance(refused, ResponseError)


async def test_what_is_large_goes_as_what_is_small(line: ServerLine) -> None:
    values = [b"x" * size for size in (0, 1, 70_000, 3_000_000)]
    await line.answers([("SET", f"k{n}", value) for n, value in enumerate(values)])
    assert values == await line.answers([("GET", f"k{n}") for n in range(4)])


async def test_who_is_given_up_in_the_middle_leaves_no_answer_for_the_next(
    line: ServerLine, redis: RedisServer
) -> None:
    await line.answers([("SET", "a", "1"), ("SET", "b", "2")])
    redis.pause()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await line.answers([("GET", "a")])
    redis.resume()
    assert [b"2"] == await line.answers([("GET", "b")])


async def test_a_server_that_was_restarted_meanwhile_is_not_even_noticed(
    line: ServerLine, redis: RedisServer
) -> None:
    await line.answers([("SET", "a", "1")])
    redis.kill()
    redis.start()
    await asyncio.sleep(0.02)  # for the loop to hear of it
    assert [None] == await line.answers([("GET", "a")])


async def test_one_that_is_away_is_told_and_found_again(
    line: ServerLine, redis: RedisServer
) -> None:
    await line.answers([("SET", "a", "1")])
    redis.kill()
    for _ in range(2):
        with pytest.raises(Exception, match=r"[Cc]onnect|closed"):
            await line.answers([("GET", "a")])
    redis.start()
    assert [None] == await line.answers([("GET", "a")])
