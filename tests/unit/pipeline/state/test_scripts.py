"""What a Redis server does in one step."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from llm_proxy.pipeline.state.scripts import KEEP, KNOCK, SETTLE, SWAP, TAKE, Script
from tests.support.redis_server import RedisServer


@pytest.fixture
async def raw(redis: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis.url) as client:
        yield client


@pytest.mark.parametrize("script", [KNOCK, SWAP, TAKE, KEEP, SETTLE, Script("return 'ü'")])
async def test_the_server_knows_it_by_its_digest(raw: Redis, script: Script) -> None:
    assert script.digest == await raw.script_load(script.text)


async def test_a_knock_leaves_nothing_behind_for_long(raw: Redis) -> None:
    await raw.eval(KNOCK.text, 1, "k")
    assert 0 < await raw.pttl("k") <= 1000


@pytest.mark.parametrize(
    "seen", [("is", b"old"), ("is", b""), ("none", b""), ("none", b"x"), ("any", b"")]
)
@pytest.mark.parametrize("there", [b"old", b"", None])
@pytest.mark.parametrize("after", [("is", b"new"), ("is", b""), ("none", b"")])
async def test_a_swap_is_made_where_what_was_seen_is_still_there(
    raw: Redis, seen: tuple[str, bytes], there: bytes | None, after: tuple[str, bytes]
) -> None:
    if there is not None:
        await raw.set("k", there)
    is_same = seen[0] == "any" or there == (seen[1] if seen[0] == "is" else None)
    new = after[1] if after[0] == "is" else None
    expected = 1 if is_same else [there]
    assert expected == await raw.eval(SWAP.text, 1, "k", 5000, *seen, *after)
    assert await raw.get("k") == (new if is_same else there)
    if is_same and new is not None:
        assert 0 < await raw.pttl("k") <= 5000
