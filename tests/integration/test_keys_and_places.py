"""Several keys for a backend, its limit of requests at once, and what is told of them."""

import asyncio
from typing import Any

import pytest

from tests.integration.conftest import Start
from tests.support.vendor import Connection, Play, by_request, completion, hangs, whole

KEYS = """
[backends.keyed]
type = "openai"
api_url = "{url}"
api_key = "fake-one,fake-two"
"""


def by_key(one: Play, two: Play) -> Play:
    async def play(at: Connection) -> None:
        first = at.received.headers["authorization"] == "Bearer fake-one"
        await (one if first else two)(at)

    return play


def keys_of(requests: list[Any]) -> list[str]:
    return [received.headers["authorization"].removeprefix("Bearer ") for received in requests]


LIMITED = whole({"error": {"message": "slow down"}}, 429, retry_after="60")
REFUSED = whole({"error": {"message": "bad key fake-one", "code": "invalid_api_key"}}, 401)


@pytest.fixture
async def keyed(start: Start) -> Any:
    async def begin(one: Play, two: Play) -> Any:
        vendor_first = await start(by_key(one, two), tries=4)
        url = vendor_first.vendor.url
        bench = await start(by_request, more=KEYS.format(url=url), tries=4)
        bench.vendor = vendor_first.vendor
        return bench

    return begin


@pytest.mark.parametrize("first", [LIMITED, REFUSED])
@pytest.mark.parametrize("stream", [False, True])
async def test_the_next_key_is_tried_and_the_first_left_alone(
    keyed: Any, first: Play, *, stream: bool
) -> None:
    bench = await keyed(first, by_request)
    for _ in range(2):
        async with bench.ask(model="keyed:m", stream=stream) as response:
            assert response.status == 200
            attempts = response.headers["x-llm-proxy-attempts"]
            tried = response.headers.get("x-llm-proxy-tried", "")
            assert "fake-" not in tried
    assert attempts == "1"
    assert keys_of(bench.vendor.requests) == ["fake-one", "fake-two", "fake-two"]

    async with bench.client.get("/ready") as response:
        ready = await response.json()
    circuit = ready["backends"]["keyed"]["circuits"]["m (key 1)"]
    assert circuit["state"] == "cooling"
    assert 0 < circuit["seconds"] <= 60


async def test_what_happened_is_told_in_a_header(keyed: Any) -> None:
    bench = await keyed(LIMITED, by_request)
    async with bench.ask(model="keyed:m") as response:
        tried = response.headers["x-llm-proxy-tried"].split(", ")
    assert [entry.rpartition(" ")[0] for entry in tried] == [
        "keyed:m (key 1) rate_limited",
        "keyed:m (key 2) ok",
    ]


async def test_no_key_is_ever_repeated(keyed: Any) -> None:
    bench = await keyed(REFUSED, whole({"error": {"message": "nor fake-two"}}, 400))
    async with bench.ask(model="keyed:m") as response:
        assert "fake-" not in await response.text()
        assert response.status == 400


async def test_the_list_of_models_needs_only_one_key_that_works(keyed: Any) -> None:
    bench = await keyed(REFUSED, by_request)
    async with bench.client.get("/v1/models") as response:
        listed = [model["id"] for model in (await response.json())["data"]]
    assert "keyed:m1" in listed


SMALL = """
max_concurrent_requests = 1
max_waiting = 1
"""


async def test_beyond_its_places_and_its_queue_a_backend_is_busy(start: Start) -> None:
    go_on = asyncio.Event()

    async def waits(at: Connection) -> None:
        await go_on.wait()
        await whole(completion())(at)

    bench = await start(waits, more=SMALL)
    asking = [asyncio.ensure_future(bench.text()) for _ in range(2)]
    await bench.vendor.asked()
    await asyncio.sleep(0.05)
    async with bench.ask() as response:
        assert response.status == 503
        assert response.headers["Retry-After"] == "1"
    go_on.set()
    assert await asyncio.gather(*asking) == ["Hello", "Hello"]
    assert len(bench.vendor.requests) == 2


async def test_a_place_is_free_again_when_a_client_has_left(start: Start) -> None:
    bench = await start(hangs, by_request, more=SMALL, handler_cancellation=True)
    asking = asyncio.ensure_future(bench.text())
    await bench.vendor.asked()
    asking.cancel()
    await bench.vendor.left()
    assert await bench.text() == "Hello"
