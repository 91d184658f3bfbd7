"""No request of a client gives a 500: each gets its own clear error, in OpenAI's shape."""

import asyncio
from io import BytesIO
from typing import Any

import orjson
import pytest
from yarl import URL

from tests.integration.conftest import Start
from tests.support.vendor import by_request, hangs

_DEEP: Any = []
for _ in range(400):
    _DEEP = [_DEEP]

GOOD: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


async def _error(response: Any) -> dict[str, Any]:
    body = await response.json()
    assert list(body) == ["error"]
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert response.headers["x-request-id"]
    return dict(body["error"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b'{"model":"m","messages":[{"role"',
        b"[" * 5000,
    ],
)
async def test_what_is_no_json_object(start: Start, body: bytes) -> None:
    bench = await start(by_request)

    async with bench.client.post("/v1/chat/completions", data=body) as response:
        assert response.status == 400
        assert (await _error(response))["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"model": None}, "model"),
        ({"model": 5}, "model"),
        ({"model": ""}, "model"),
        ({"model": "m" * 513}, "model"),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [{"function": {"name": "f", "arguments": _DEEP}}],
                    }
                ]
            },
            "messages[0].tool_calls[0].function.arguments",
        ),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"role": "bird", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages[0].content[0]"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]},
            "messages[0].content[0].text",
        ),
        ({"stream": "yes"}, "stream"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"stream": True, "stream_options": 5}, "stream_options"),
        ({"tools": {}}, "tools"),
    ],
)
async def test_a_wrong_field_is_named(start: Start, changes: dict[str, Any], param: str) -> None:
    bench = await start(by_request)

    async with bench.client.post("/v1/chat/completions", json={**GOOD, **changes}) as response:
        assert response.status == 400
        assert (await _error(response))["param"] == param
    assert bench.vendor.requests == []


@pytest.mark.parametrize("told", [True, False])
async def test_eleven_megabytes(start: Start, told: bool) -> None:  # noqa: FBT001
    bench = await start(by_request)

    async def pieces() -> Any:
        for _ in range(11):
            yield b" " * 1_000_000

    data = BytesIO(b" " * 11_000_000) if told else pieces()
    async with bench.client.post("/v1/chat/completions", data=data) as response:
        assert response.status == 413
        assert "10000000 bytes" in (await _error(response))["message"]


async def test_nine_megabytes_are_welcome(start: Start) -> None:
    bench = await start(by_request)

    body = BytesIO(orjson.dumps({**GOOD, "user": "x" * 9_000_000}))
    async with bench.client.post("/v1/chat/completions", data=body) as response:
        assert response.status == 200
    assert len(bench.vendor.requests[0].body) > 9_000_000


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Basic fake-key-1"}, 401),
        ({"Authorization": "Bearer fake-key-1"}, 200),
        ({"authorization": "bearer fake-key-2"}, 200),
        ({"x-api-key": "fake-key-1"}, 200),
        ({"x-goog-api-key": "fake-key-1"}, 200),
    ],
)
async def test_keys(start: Start, headers: dict[str, str], status: int) -> None:
    bench = await start(by_request, more='[stages.auth]\napi_keys = "fake-key-1, fake-key-2"')

    async with bench.ask(headers=headers) as response:
        assert response.status == status
        if status == 401:
            assert (await _error(response))["code"] == "invalid_api_key"
    async with bench.client.get("/v1/models", headers=headers) as response:
        assert response.status == status


async def test_an_unknown_model_of_the_local_backend(start: Start) -> None:
    bench = await start(by_request)

    async with bench.ask(model="local:ecko") as response:
        assert response.status == 404
        error = await _error(response)
    assert error["code"] == "model_not_found"
    assert 'did you mean "echo"?' in error["message"]


async def test_unknown_paths_and_methods(start: Start) -> None:
    bench = await start(by_request)

    for method, path, status in [
        ("GET", "/nothing", 404),
        ("POST", "/nothing", 404),
        ("DELETE", "/v1/models", 404),
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/chat/completions/", 404),
    ]:
        async with bench.client.request(method, path, json=GOOD) as response:
            assert response.status == status
            await _error(response)


async def test_too_many_at_once(start: Start) -> None:
    bench = await start(hangs, more="[server]\nmax_concurrent_requests = 1")

    first = asyncio.ensure_future(bench.client.post("/v1/chat/completions", json=GOOD))
    await bench.vendor.asked()
    async with bench.ask() as response:
        assert response.status == 503
        assert response.headers["Retry-After"] == "1"
        await _error(response)
    first.cancel()


async def test_over_the_rate_limit(start: Start) -> None:
    limits = 'disable_auth = true\n[stages.two]\nuse = "rate_limit"\ndefault_limit = 2'
    bench = await start(
        by_request,
        more=f"[stages.auth]\n{limits}\ntime_window = 60",
        stages=("observe", "auth", "two", "dispatch"),
    )

    statuses: list[int] = []
    for _ in range(3):
        async with bench.ask() as response:
            statuses.append(response.status)
            last = response
            body = await response.json()
    assert statuses == [200, 200, 429]
    assert body["error"]["code"] == "rate_limit_exceeded"
    assert 25 <= int(last.headers["Retry-After"]) <= 30
    assert last.headers["x-ratelimit-limit-requests"] == "2"
    assert last.headers["x-ratelimit-remaining-requests"] == "0"
    assert last.headers["x-ratelimit-reset-requests"] == "60s"


async def test_the_proxys_own_time_limit(start: Start) -> None:
    bench = await start(hangs, more='[server]\nrequest_timeout = "100ms"')

    async with bench.ask() as response:
        assert response.status == 504
        assert (await _error(response))["code"] == "timeout"
    await bench.vendor.left(2)


async def test_strangers_take_no_slot(start: Start) -> None:
    more = '[server]\nmax_concurrent_requests = 1\n[stages.auth]\napi_keys = "fake-key"'
    bench = await start(by_request, more=more)

    async def never() -> Any:
        yield b"{"
        await asyncio.Event().wait()

    async with bench.client.post("/v1/chat/completions", data=never()) as stranger:
        assert stranger.status == 401
        async with bench.ask(headers={"Authorization": "Bearer fake-key"}) as response:
            assert response.status == 200


async def test_what_no_route_fits_is_told_in_shape(start: Start) -> None:
    bench = await start(by_request)

    async with bench.client.get(URL("/a%0Ab", encoded=True)) as response:
        assert response.status == 404
        await _error(response)
    async with bench.client.get("/v1/chat/completions") as response:
        assert response.headers["Allow"] == "POST"


async def test_several_answers_and_rules_on_answers_do_not_go_together(start: Start) -> None:
    rule = '[[stages.transform.rules]]\nreplace = [{ find = "a", with = "b" }]'
    bench = await start(by_request, more=rule)

    async with bench.ask(n=2) as response:
        assert response.status == 400
        assert (await _error(response))["param"] == "n"
    async with bench.ask(n=1) as response:
        assert response.status == 200
