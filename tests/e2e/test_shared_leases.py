"""Server processes that hold slots, tokens and money together, and some of which die."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis

from tests.support.redis_server import RedisServer
from tests.support.replicas import Books, Replicas, three_replicas

REQUESTS = 300
MOST = 100
KEY = "fake-key"

CONFIG = """
[server]
max_concurrent_requests = 1000
[state]
url = "{url}"
timeout = "30s"
[pipelines.default]
stages = ["observe", "auth", "rate_limit", "session", "commands", "failover", "dispatch"]
[stages.auth]
api_keys = ["fake-key"]
[stages.rate_limit]
default_limit = "none"
lease = "2s"
limits = [{limits}]
prices = {{ "echo" = {{ input = 1000, output = 1000 }} }}
"""

TOKENS = '{ of = "tokens", most = 100, window = "30d" }'
MONEY = '{ of = "money", most = 0.1, window = "30d" }'
SLOTS = '{ of = "in_flight", most = 100 }'


@pytest.fixture
async def books(redis: RedisServer) -> AsyncIterator[Books]:
    async with Redis.from_url(redis.url) as raw:
        yield Books(raw)


@pytest.fixture
def config(redis: RedisServer, toml: Callable[[str], Path]) -> Callable[..., Path]:
    return lambda *limits: toml(CONFIG.format(url=redis.url, limits=", ".join(limits)))


async def all_at_once(replicas: Replicas, model: str) -> list[asyncio.Task[int]]:
    """Requests of which as many are refused as there are above the limit; the others go on."""
    asked = [asyncio.create_task(replicas.ask(number, model)) for number in range(REQUESTS)]
    async with asyncio.timeout(60):
        while sum(one.done() for one in asked) < REQUESTS - MOST:  # noqa: ASYNC110 - by HTTP
            await asyncio.sleep(0.02)
    return asked


async def leave(asked: list[asyncio.Task[int]]) -> None:
    for one in asked:
        one.cancel()
    await asyncio.wait(asked)


@pytest.mark.parametrize(("limit", "name"), [(TOKENS, "tokens"), (MONEY, "money")])
async def test_no_more_is_used_than_there_is_and_no_less_than_one_request(
    config: Callable[..., Path], books: Books, limit: str, name: str
) -> None:
    async with three_replicas(config(limit), KEY) as replicas:
        statuses = await asyncio.gather(*map(replicas.ask, range(REQUESTS)))
        assert {200, 429} == set(statuses)
        passed = statuses.count(200)
        while await replicas.ask(passed) == 200:
            passed += 1
    assert 0 == await books.held(name)
    # Of a hundred tokens each request uses two, and might have used six.
    assert 94 < 2 * passed <= 100
    scale = 1 if name == "tokens" else 0.001
    assert pytest.approx(2 * passed * scale, abs=0.1 * scale) == await books.level(name)


async def test_in_flight_are_exactly_so_many(config: Callable[..., Path], books: Books) -> None:
    async with three_replicas(config(SLOTS), KEY) as replicas:
        for _ in range(2):
            asked = await all_at_once(replicas, "local:hang")
            assert MOST == await books.held("in_flight")
            refused = [one.result() for one in asked if one.done()]
            assert [429] * (REQUESTS - MOST) == refused
            await leave([one for one in asked if not one.done()])
            await books.becomes("in_flight", 0)
    assert await books.all_end_by_themselves()


async def test_what_a_killed_replica_holds_is_free_when_its_leases_are_over(
    config: Callable[..., Path], books: Books
) -> None:
    async with three_replicas(config(SLOTS, TOKENS), KEY) as replicas:
        asked = [asyncio.create_task(replicas.ask(number, "local:hang")) for number in range(9)]
        await books.becomes("in_flight", 9)
        assert 9 == await books.held("tokens")
        replicas.servers[0].process.kill()
        await books.becomes("in_flight", 6)
        assert 6 == await books.held("tokens")
        await leave(asked)
        await books.becomes("in_flight", 0)
        assert await books.all_end_by_themselves()
        assert [200] * 6 == [await replicas.ask(number) for number in (1, 2, 4, 5, 7, 8)]


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.long)])
async def test_clients_that_leave_at_random_leave_nothing_held(
    config: Callable[..., Path], books: Books, count: int
) -> None:
    """And one replica is killed in the middle."""
    chance = random.Random(8)
    wide = (SLOTS, TOKENS.replace("100", "1000000"), MONEY.replace("0.1", "1000"))
    async with three_replicas(config(*wide), KEY) as replicas:
        at_once = asyncio.Semaphore(60)
        alive = [0, 1, 2]

        async def ask_and_leave(number: int) -> None:
            model = chance.choice(["local:echo", "local:slow"])
            async with at_once:
                if number == count // 2:
                    replicas.servers[alive.pop()].process.kill()
                try:
                    async with asyncio.timeout(chance.uniform(0.001, 0.08)):
                        await replicas.ask(alive[number % len(alive)], model, stream=True)
                except (TimeoutError, aiohttp.ClientError):
                    pass

        await asyncio.gather(*map(ask_and_leave, range(count)))
        for name in ("in_flight", "tokens", "money"):
            await books.becomes(name, 0)
        assert await books.all_end_by_themselves()
        before = await books.level("tokens")
        assert [200] * 30 == [await replicas.ask(number % 2) for number in range(30)]
        assert pytest.approx(60, abs=1) == await books.level("tokens") - before


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_who_asks_one_thing_after_the_other_never_has_two_in_flight(
    config: Callable[..., Path], *, stream: bool
) -> None:
    one = SLOTS.replace("100", "1")
    async with three_replicas(config(one), KEY) as replicas:
        statuses = [await replicas.ask(number, stream=stream) for number in range(100)]
    assert [200] * 100 == statuses
