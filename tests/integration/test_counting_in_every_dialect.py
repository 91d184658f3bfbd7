"""Counting tokens, for the clients of the dialects that can, at vendors of all and at none."""

from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient
from anthropic.types import MessageTokensCount
from google.genai.types import CountTokensResponse
from openai.types.responses.input_token_count_response import InputTokenCountResponse

from tests.support.one_vendor import Start
from tests.support.oracle import check_upstream
from tests.support.scripts import SCRIPTS, plays
from tests.support.talk import body, counting_body, counting_path, path, setting
from tests.support.vendor import whole

CLIENTS = ["openai_responses", "anthropic_messages", "gemini"]

clients = pytest.mark.parametrize("client", CLIENTS)
vendors = pytest.mark.parametrize("vendor", list(SCRIPTS))

ONE = {"x-session-id": "one"}


def counted(client: str, raw: bytes) -> int:
    """The count, by the SDK's own type."""
    fields = orjson.loads(raw)
    match client:
        case "openai_responses":
            return InputTokenCountResponse.model_validate(fields, strict=True).input_tokens
        case "anthropic_messages":
            return MessageTokensCount.model_validate(fields, strict=True).input_tokens
        case _:
            return CountTokensResponse.model_validate(fields).total_tokens or 0


async def count(
    proxy: TestClient[Any, Any], client: str, turns: Any, model: str = "m", **more: Any
) -> int:
    request = {**counting_body(client, turns, model=model), **more}
    where = counting_path(client, model=model)
    async with proxy.post(where, json=request, headers=ONE) as response:
        raw = await response.read()
        assert response.status == 200, raw
        assert response.content_type == "application/json"
    return counted(client, raw)


@clients
@vendors
async def test_a_vendor_counts(before_vendor: Start, client: str, vendor: str) -> None:
    proxy, upstream = await before_vendor(vendor, plays(vendor, "TALK"))
    tokens = await count(proxy, client, "hi there, how are you?")
    if vendor == "openai_chat":  # there is nobody to ask
        assert 1 < tokens < 30
        assert upstream.requests == []
        return
    assert tokens == 42
    sent = upstream.requests[-1]
    assert sent.path.endswith(("/count_tokens", "/input_tokens", ":countTokens"))
    check_upstream(vendor, sent)


@clients
@vendors
@pytest.mark.parametrize("status", [404, 405, 501])
async def test_where_the_vendor_has_no_counting_it_is_estimated(
    before_vendor: Start, client: str, vendor: str, status: int
) -> None:
    proxy, _ = await before_vendor(vendor, whole({"error": {"message": "no"}}, status))
    assert 1 < await count(proxy, client, "hi there, how are you?") < 30


@clients
async def test_the_local_backend_counts(before_vendor: Start, client: str) -> None:
    proxy, upstream = await before_vendor("openai_chat", plays("openai_chat", "TALK"), LOCAL)
    assert 1 < await count(proxy, client, "hi there, how are you?", "local:echo") < 30
    assert upstream.requests == []


LOCAL = "[backends.local]"


@clients
@vendors
async def test_counting_neither_runs_commands_nor_forgets(
    before_vendor: Start, client: str, vendor: str
) -> None:
    more = 'traits = { sampling = "full" }'
    proxy, upstream = await before_vendor(vendor, plays(vendor, "TALK"), more=more)

    async def said(text: str, headers: dict[str, str]) -> Any:
        talk = [("user", "one"), ("assistant", "1"), ("user", text)]
        async with proxy.post(path(client), json=body(client, talk), headers=headers) as response:
            assert response.status == 200

    for headers in (ONE, {}):
        talk = [("user", "one"), ("assistant", "1"), ("user", "!/unset")]
        await said("!/set(temperature=0.3)", headers)
        first = counting_body(client, "one")
        for request in (counting_body(client, talk), first):
            async with proxy.post(counting_path(client), json=request, headers=headers) as response:
                assert response.status == 200
                counted(client, await response.read())
        await said("two", headers)
        assert setting(vendor, upstream.requests[-1].json, "temperature") == 0.3


@clients
async def test_a_bad_request_to_count_is_told(before_vendor: Start, client: str) -> None:
    proxy, _ = await before_vendor(client, plays(client, "TALK"))
    async with proxy.post(counting_path(client), json=[]) as response:
        assert response.status == 400
        assert (await response.json())["error"]["message"]


@clients
async def test_a_vendors_refusal_to_count_is_told(before_vendor: Start, client: str) -> None:
    refusal = {"error": {"message": "Slow down", "type": "rate_limit_error", "code": 429}}
    proxy, _ = await before_vendor(client, whole(refusal, 429, retry_after="7"))
    request = counting_body(client, "hi")
    async with proxy.post(counting_path(client), json=request) as response:
        assert response.status == 429
        assert response.headers["Retry-After"] == "7"
        assert (await response.json())["error"]["message"] == "Slow down"
