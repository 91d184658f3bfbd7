"""The proxy while its Redis does not answer, is gone, and comes back."""

import asyncio
from typing import Any

import pytest

from tests.integration.conftest import STAGES, Bench, Start
from tests.support.redis_server import RedisServer
from tests.support.until import until
from tests.support.vendor import by_request

STATE = """
[state]
url = "{url}"
timeout = "{timeout}"
[state.when_away]
sessions = "{sessions}"
limits = "{limits}"
[stages.few]
use = "rate_limit"
default_limit = 5
time_window = "30d"
"""

AWAY = "the shared state is away"
BACK = "the shared state is back"


async def begin(start: Start, redis: RedisServer, **changes: Any) -> Bench:
    """The whole chain; `limited` is one with a limit of five requests."""
    fields = {"sessions": "local", "limits": "local", "timeout": "5s", "limited": False, **changes}
    stages = ("observe", "auth", "few", "dispatch") if fields.pop("limited") else STAGES
    return await start(by_request, more=STATE.format(url=redis.url, **fields), stages=stages)


async def model_of(bench: Bench, text: str = "hi") -> str:
    """Which model answered."""
    fields: dict[str, Any] = {"model": "local:slow", "headers": {"x-session-id": "one"}}
    async with bench.ask(text, **fields) as response:
        assert response.status == 200, await response.text()
        return str(response.headers["x-llm-proxy-model"])


async def statuses(bench: Bench, count: int) -> list[int]:
    """How so many requests are answered, one after the other."""
    given: list[int] = []
    for _ in range(count):
        async with bench.ask() as response:
            given.append(response.status)
    return given


async def ready(bench: Bench) -> tuple[int, dict[str, Any]]:
    async with bench.client.get("/ready") as response:
        body = await response.json()
        return response.status, body["state"]


async def is_back(bench: Bench) -> None:
    async with asyncio.timeout(10):
        while not (await ready(bench))[1]["ready"]:  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.05)


def changes(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message for message in caplog.messages if message in (AWAY, BACK)]


async def test_a_redis_that_hangs_and_goes_on(
    start: Start, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    bench = await begin(start, redis, timeout="150ms")
    await model_of(bench, "!/model(local:echo)")
    assert "echo" == await model_of(bench)
    redis.pause()

    async with asyncio.timeout(10):
        models = await asyncio.gather(*(model_of(bench) for _ in range(40)))
    assert {"echo"} == set(models)
    status, state = await ready(bench)
    instead = {"sessions": "local", "limits": "local", "keys": "local", "cache": "open"}
    assert (200, False, instead) == (status, state["ready"], state["instead"])
    await model_of(bench, "!/model(local:loop)")

    redis.resume()
    await is_back(bench)
    assert "echo" == await model_of(bench)
    assert [AWAY, BACK] == changes(caplog)
    _, state = await ready(bench)
    assert (True, 1) == (state["ready"], state["outages"])
    assert state["seconds_away"] > 0


async def test_a_redis_that_dies_and_comes_back_empty(
    start: Start, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    bench = await begin(start, redis)
    await model_of(bench, "!/model(local:echo)")
    redis.kill()
    assert "echo" == await model_of(bench)

    redis.start()
    await is_back(bench)
    assert "slow" == await model_of(bench)
    assert [AWAY, BACK] == changes(caplog)


async def test_a_redis_that_comes_back_with_its_data(
    start: Start, redis_on_disk: RedisServer
) -> None:
    bench = await begin(start, redis_on_disk)
    await model_of(bench, "!/model(local:echo)")
    redis_on_disk.kill()
    await model_of(bench, "!/model(local:loop)")
    redis_on_disk.start()
    await is_back(bench)
    assert "echo" == await model_of(bench)


async def test_closed_refuses_in_the_clients_dialect(
    start: Start, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    bench = await begin(start, redis, sessions="closed")
    redis.kill()
    for _ in range(3):
        async with bench.ask("hi") as response:
            assert (503, "1") == (response.status, response.headers["Retry-After"])
            error = (await response.json())["error"]
    assert "what the proxy shares with its replicas cannot be reached" == error["message"]
    assert 503 == (await ready(bench))[0]
    redis.start()
    await is_back(bench)
    async with bench.ask("hi") as response:
        assert response.status == 200
    assert 200 == (await ready(bench))[0]
    assert [AWAY, BACK] == changes(caplog)
    assert not [record for record in caplog.records if record.exc_info]


async def test_an_answer_under_way_when_it_dies_is_not_harmed(
    start: Start, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    bench = await begin(start, redis, sessions="closed")
    async with bench.ask("a b c d", model="local:slow", stream=True) as response:
        redis.kill()
        body = await response.text()
    assert body.endswith("data: [DONE]\n\n")
    assert "error" not in body
    await until(lambda: changes(caplog) == [AWAY])
    assert not [record for record in caplog.records if record.exc_info]


async def test_limits_go_on_where_they_were_after_an_outage(
    start: Start, redis_on_disk: RedisServer
) -> None:
    bench = await begin(start, redis_on_disk, limited=True)
    assert [200] * 3 == await statuses(bench, 3)
    redis_on_disk.kill()
    assert [200] * 5 + [429] == await statuses(bench, 6)
    redis_on_disk.start()
    await is_back(bench)
    assert [200, 200, 429] == await statuses(bench, 3)


async def test_what_a_redis_was_asked_while_it_hung_counts(
    start: Start, redis: RedisServer
) -> None:
    """Its request was let in after all, by the limits of this process."""
    bench = await begin(start, redis, limited=True, timeout="150ms")
    assert [200] == await statuses(bench, 1)
    redis.pause()
    assert [200] * 5 + [429] == await statuses(bench, 6)
    redis.resume()
    await is_back(bench)
    assert [200] * 3 + [429] == await statuses(bench, 4)


@pytest.mark.parametrize(("limits", "status"), [("open", 200), ("closed", 503)])
async def test_limits_that_are_open_or_closed(
    start: Start, redis: RedisServer, limits: str, status: int
) -> None:
    bench = await begin(start, redis, limited=True, limits=limits)
    assert [200] * 5 + [429] == await statuses(bench, 6)
    redis.kill()
    assert [status] * 9 == await statuses(bench, 9)
    assert (200 if status == 200 else 503) == (await ready(bench))[0]
    redis.start()
    await is_back(bench)
    assert [200] * 5 + [429] == await statuses(bench, 6)
