"""The front door: keys, wrong paths and wrong bodies, in the dialect of whoever stands there."""

from typing import Any

import orjson
import pytest

from tests.support.one_vendor import STREAMED, Start, asked
from tests.support.scripts import SCRIPTS, plays
from tests.support.talk import counting_body, counting_path, path

C, R, M, G = SCRIPTS
clients = pytest.mark.parametrize("client", [C, R, M, G])

KEYS = '[stages.auth]\napi_keys = "fake-key"\n'
VERSION = {"anthropic-version": "2023-06-01"}
CARRIERS: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"Authorization": "Bearer fake-key"}, {}),
    ({"x-api-key": "fake-key", "authorization": "Bearer of another place"}, {}),
    ({"x-api-key": "", "x-goog-api-key": "fake-key"}, {}),
    ({"x-api-key": "fake-key"}, {}),
    ({"x-goog-api-key": "fake-key"}, {}),
    ({}, {"key": "fake-key"}),
]
"""Headers and query that carry a key."""
carriers = pytest.mark.parametrize(("headers", "query"), CARRIERS)

DIFFERENT = {
    G: {404: "NOT_FOUND", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"},
    M: {
        404: "not_found_error",
        401: "authentication_error",
        403: "permission_error",
        413: "request_too_large",
    },
}


def check_error(client: str, status: int, raw: bytes) -> str:
    """The error has the form of the client's dialect; its message."""
    fields = orjson.loads(raw)
    error = fields["error"]
    match client:
        case "anthropic_messages":
            assert fields["type"] == "error"
            assert fields["request_id"]
            assert error["type"] == DIFFERENT[M].get(status, "invalid_request_error")
        case "gemini":
            assert list(fields) == ["error"]
            assert error["code"] == status
            assert error["status"] == DIFFERENT[G].get(status, "INVALID_ARGUMENT")
        case _:
            assert list(fields) == ["error"]
            assert set(error) == {"message", "type", "param", "code"}
            assert error["type"] == "invalid_request_error"
    return str(error["message"])


@clients
@carriers
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_key_in_any_of_the_four_places(
    before_vendor: Start,
    client: str,
    headers: dict[str, str],
    query: dict[str, str],
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    proxy, upstream = await before_vendor(C, plays(C, "TALK"), more=KEYS)
    where, request = path(client, stream=stream), asked(client, stream=stream)
    async with proxy.post(where, json=request, headers=headers, params=query) as response:
        assert response.status == 200, await response.text()
    sent = upstream.requests[-1]
    assert sent.headers["authorization"] == "Bearer fake-vendor-key"
    assert "fake-key" not in f"{sent.path} {sent.headers} {sent.body!r}"


@carriers
@pytest.mark.parametrize("client", [R, M, G])
async def test_a_key_for_counting(
    before_vendor: Start, client: str, headers: dict[str, str], query: dict[str, str]
) -> None:
    proxy, _ = await before_vendor(C, plays(C, "TALK"), more=KEYS)
    where, request = counting_path(client), counting_body(client, "hi")
    async with proxy.post(where, json=request, headers=headers, params=query) as response:
        assert response.status == 200


MODEL_PATHS = ["/v1/models", "/v1beta/models", "/v1alpha/models", "/models"]


@carriers
@pytest.mark.parametrize("where", MODEL_PATHS)
async def test_a_key_for_the_models(
    before_vendor: Start, where: str, headers: dict[str, str], query: dict[str, str]
) -> None:
    proxy, _ = await before_vendor(C, plays(C, "TALK"), more=KEYS + "[backends.local]")
    async with proxy.get(where, headers=headers, params=query) as response:
        assert response.status == 200
    async with proxy.get(where) as response:
        assert response.status == 401


@clients
@pytest.mark.parametrize("key", [None, "wrong"])
async def test_a_stranger_is_told_in_its_own_dialect(
    before_vendor: Start, client: str, key: str | None
) -> None:
    proxy, upstream = await before_vendor(client, plays(client, "TALK"), more=KEYS)
    headers = {"x-api-key": key} if key else {}
    for where in (path(client), STREAMED[client]):
        async with proxy.post(where, json=asked(client), headers=headers) as response:
            assert response.status == 401
            assert "key" in check_error(client, 401, await response.read())
    assert upstream.requests == []


OWN_HEADERS: list[tuple[str, dict[str, str]]] = [
    (C, {}),
    (M, VERSION),
    (G, {"x-goog-api-client": "google-genai-sdk/3.4.0"}),
    (G, {"x-goog-api-key": "wrong"}),
]


@pytest.mark.parametrize(("client", "headers"), OWN_HEADERS)
async def test_a_stranger_who_asks_for_models(
    before_vendor: Start, client: str, headers: dict[str, str]
) -> None:
    proxy, _ = await before_vendor(C, plays(C, "TALK"), more=KEYS)
    async with proxy.get("/v1/models", headers=headers) as response:
        assert response.status == 401
        check_error(client, 401, await response.read())


UNKNOWN: list[tuple[str, str, dict[str, str]]] = [
    (C, "/v1/nothing", {}),
    (C, "/v1/responses/compact", {}),
    (C, "/v1/chat/completions/x", {}),
    (M, "/v1/messages/batches", VERSION),
    (M, "/v1/nothing", VERSION),
    (M, "/api/event_logging/batch", VERSION),
    (G, "/v1beta/models/m:embedContent", {}),
    (G, "/v1beta/nothing", {}),
    (G, "/v1beta", {}),
    (G, "/v1alpha/models/m:nothing", {}),
    (G, "/v1/models/m:embedContent", {"x-goog-api-key": "x"}),
    (G, "/v1beta/cachedContents", VERSION),
]


@pytest.mark.parametrize(("client", "where", "headers"), UNKNOWN)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_an_unknown_path(
    before_vendor: Start, client: str, where: str, headers: dict[str, str], method: str
) -> None:
    proxy, _ = await before_vendor(C, plays(C, "TALK"), more="[backends.local]")
    async with proxy.request(method, where, json={}, headers=headers) as response:
        assert response.status == 404
        check_error(client, 404, await response.read())
        assert response.headers["x-request-id"]


@clients
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_wrong_method(before_vendor: Start, client: str, method: str) -> None:
    proxy, _ = await before_vendor(client, plays(client, "TALK"))
    where = [path(client), STREAMED[client], *([] if client == C else [counting_path(client)])]
    for each in where:
        async with proxy.request(method, each) as response:
            assert response.status == 405
            assert response.headers["Allow"] == "POST"
            check_error(client, 405, await response.read())


@clients
@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", b'"x"'])
async def test_what_is_no_json_object(before_vendor: Start, client: str, raw: bytes) -> None:
    proxy, _ = await before_vendor(client, plays(client, "TALK"))
    async with proxy.post(path(client), data=raw) as response:
        assert response.status == 400
        assert "body" in check_error(client, 400, await response.read())


@clients
async def test_too_large(before_vendor: Start, client: str) -> None:
    more = '[server]\nmax_request_bytes = "1KB"'
    proxy, upstream = await before_vendor(client, plays(client, "TALK"), more=more)
    request: Any = {**asked(client), "user": "x" * 2000}
    async with proxy.post(path(client), json=request) as response:
        raw = await response.read()
        status = 400 if client == G else 413
        assert response.status == status, raw
    assert "1000 bytes" in check_error(client, status, raw)
    assert upstream.requests == []


@clients
async def test_a_missing_field_is_named(before_vendor: Start, client: str) -> None:
    proxy, _ = await before_vendor(client, plays(client, "TALK"))
    async with proxy.post(path(client), json={"model": "m", "max_tokens": 9}) as response:
        assert response.status == 400
        message = check_error(client, 400, await response.read())
    assert {C: "messages", R: "input", M: "messages", G: "contents"}[client] in message


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
@pytest.mark.parametrize(
    ("name", "sent"), [("m", "m"), ("a/b:free", "a/b:free"), ("a%2Fb%3Afree", "a/b:free")]
)
async def test_geminis_paths(before_vendor: Start, version: str, name: str, sent: str) -> None:
    proxy, upstream = await before_vendor(C, plays(C, "TALK"))
    for method in ("generateContent", "streamGenerateContent?alt=sse", "streamGenerateContent"):
        where = f"/{version}/models/{name}:{method}"
        async with proxy.post(where, json=asked(G)) as response:
            assert response.status == 200, await response.text()
        assert upstream.requests[-1].json["model"] == sent
