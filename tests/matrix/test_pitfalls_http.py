"""Pitfalls that show only over HTTP: paths, keys, heads and statuses."""

from typing import Any

import orjson
import pytest

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import Fault, UpstreamRefused, UpstreamUnavailable
from tests.matrix.pitfalls import CLIENTS, C, G, Json, M, R, chunk
from tests.support.one_vendor import PATHS, STREAMED, Start, asked
from tests.support.scripts import SCRIPTS, data, plays
from tests.support.vendor import streamed, whole

clients = pytest.mark.parametrize("client", CLIENTS)
vendors = pytest.mark.parametrize("vendor", CLIENTS)

KEYED = '[stages.auth]\napi_keys = "fake-key"'


@vendors
async def test_04_gemini_without_sse_is_answered_with_a_list(
    before_vendor: Start, vendor: str
) -> None:
    proxy, _ = await before_vendor(vendor, plays(vendor, "TALK"))
    path = STREAMED[G].partition("?")[0]
    async with proxy.post(path, json=asked(G)) as response:
        assert response.content_type == "application/json"
        parts: list[Any] = await response.json()
    said = [c["content"]["parts"] for part in parts for c in part["candidates"]]
    assert "".join(part["text"] for some in said for part in some) == "Hello you"


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
async def test_05_every_version_of_geminis_paths_is_served(
    before_vendor: Start, version: str
) -> None:
    proxy, _ = await before_vendor(C, plays(C, "TALK"))
    async with proxy.post(f"/{version}/models/x/y:generateContent", json=asked(G)) as response:
        assert response.status == 200


@clients
@pytest.mark.parametrize("header", ["Authorization", "x-api-key", "x-goog-api-key", None])
async def test_06_every_carrier_of_a_key_is_read_on_every_path(
    before_vendor: Start, client: str, header: str | None
) -> None:
    proxy, vendor = await before_vendor(C, plays(C, "TALK"), more=KEYED)
    value = "Bearer fake-key" if header == "Authorization" else "fake-key"
    headers, query = ({header: value}, {}) if header else ({}, {"key": "fake-key"})
    async with proxy.post(
        PATHS[client], json=asked(client), headers=headers, params=query
    ) as response:
        assert response.status == 200, await response.text()
    assert "fake-key" not in str(vendor.requests[-1])


async def test_07_models_are_listed_in_the_callers_form(before_vendor: Start) -> None:
    proxy, _ = await before_vendor(C, whole({"object": "list", "data": [{"id": "m1"}]}))
    for headers, field in (
        ({"anthropic-version": "2023-06-01"}, "has_more"),
        ({"x-goog-api-key": "k"}, "models"),
        ({}, "object"),
    ):
        async with proxy.get("/v1/models", headers=headers) as response:
            assert field in await response.json()


@clients
@vendors
@pytest.mark.parametrize("status", [400, 404])
async def test_47_and_51_a_refused_stream_is_a_status_in_the_clients_own_words(
    before_vendor: Start, client: str, vendor: str, status: int
) -> None:
    error: Json = {
        "error": {"message": "no such thing", "type": "x", "code": status, "status": "X"}
    }
    proxy, _ = await before_vendor(vendor, whole(error, status))
    async with proxy.post(STREAMED[client], json=asked(client, stream=True)) as response:
        body = await response.json()
        assert response.status == status
    assert (body.get("type") == "error") == (client == M)
    assert ("status" in body["error"]) == (client == G)
    assert ("param" in body["error"]) == (client in (C, R))


@clients
@pytest.mark.parametrize("status", [503, 529])
async def test_50_an_overloaded_vendor_has_the_clients_own_status(
    before_vendor: Start, client: str, status: int
) -> None:
    proxy, _ = await before_vendor(M, whole({"error": {"message": "x"}}, status, retry_after="9"))
    async with proxy.post(PATHS[client], json=asked(client)) as response:
        assert response.status == (529 if client == M else 503)
        assert response.headers["Retry-After"] == "9"


@clients
async def test_46_an_error_in_an_answer_of_200_is_an_error(
    before_vendor: Start, client: str
) -> None:
    error: Json = {"id": "gen-1", "error": {"code": 402, "message": "No credits"}, "choices": []}
    proxy, _ = await before_vendor(C, whole(error))
    async with proxy.post(PATHS[client], json=asked(client)) as response:
        assert response.status in (402, 429)
        assert "No credits" in await response.text()


async def test_68_a_version_goes_on_once_and_a_clients_key_never(before_vendor: Start) -> None:
    proxy, vendor = await before_vendor(M, plays(M, "TALK"))
    headers = [
        ("anthropic-version", "2023-06-01"),
        ("anthropic-version", "2023-06-01"),
        ("x-api-key", "theirs"),
        ("Authorization", "Bearer theirs"),
    ]
    async with proxy.post(PATHS[M], data=orjson.dumps(asked(M)), headers=headers) as response:
        assert response.status == 200
    received = vendor.requests[-1]
    assert received.headers["anthropic-version"] == "2023-06-01"
    assert "theirs" not in str(received)


@pytest.mark.parametrize("client", [C, R, G])
async def test_68_a_beta_of_anthropics_goes_to_anthropic_alone(
    before_vendor: Start, client: str
) -> None:
    proxy, vendor = await before_vendor(client, plays(client, "TALK"))
    headers = {"anthropic-version": "2023-06-01", "anthropic-beta": "a,b"}
    async with proxy.post(PATHS[M], json=asked(M), headers=headers) as response:
        assert response.status == 200
    assert "anthropic" not in str(vendor.requests[-1].headers)


def test_69_zais_business_codes_say_more_than_its_statuses() -> None:
    def error(code: str) -> bytes:
        return orjson.dumps({"error": {"code": code, "message": "x"}})

    arrears = DIALECTS[C].read_error(429, {}, error("1113"))
    assert isinstance(arrears, UpstreamRefused)
    assert b"insufficient_quota" in DIALECTS[C].write_error(arrears, "r").body
    assert DIALECTS[C].write_error(arrears, "r").headers["x-should-retry"] == "false"
    overloaded = DIALECTS[C].read_error(429, {}, error("1305"))
    assert isinstance(overloaded, UpstreamUnavailable)
    assert overloaded.fault is Fault.OVERLOADED


@clients
async def test_72_nothing_is_tried_again_once_something_was_said(
    before_vendor: Start, client: str
) -> None:
    frames = [chunk({"content": "hi"}), data({"error": {"message": "x", "code": 503}})]
    again = (
        '[stages.failover.routes."m"]\nattempts = [{ backend = "vendor", model = "m" }, '
        '{ backend = "vendor", model = "m" }]'
    )
    proxy, vendor = await before_vendor(C, streamed(frames), more=again)
    async with proxy.post(STREAMED[client], json=asked(client, stream=True)) as response:
        assert (await response.text()).count("hi") == 1
    assert len(vendor.requests) == 1


@clients
@vendors
async def test_75_an_error_behind_the_opening_of_a_stream_is_still_a_status(
    before_vendor: Start, client: str, vendor: str
) -> None:
    frames = SCRIPTS[vendor]["TALK"].frames[: {C: 1, R: 2, M: 1, G: 0}[vendor]]
    proxy, _ = await before_vendor(vendor, streamed([*frames], ends="reset"))
    async with proxy.post(STREAMED[client], json=asked(client, stream=True)) as response:
        assert response.status == (500 if client == G else 502)
        assert response.content_type == "application/json"
