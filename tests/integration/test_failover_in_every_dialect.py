"""Failover between vendors of different dialects, for a client of each."""

import logging
from typing import Any

import pytest

from tests.support.log_lines import request_lines
from tests.support.oracle import check_upstream
from tests.support.scripts import SCRIPTS
from tests.support.sdk_answers import told
from tests.support.talk import body, counting_body, counting_path, path, turns_of
from tests.support.two_vendors import OTHER, Two
from tests.support.vendor import streamed, whole

clients = pytest.mark.parametrize("client", list(SCRIPTS))
vendors = pytest.mark.parametrize("first", list(SCRIPTS))
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

BUSY = whole({"error": {"message": "no", "type": "overloaded_error", "status": "UNAVAILABLE"}}, 503)


@clients
@vendors
@both_ways
async def test_the_second_target_answers(
    two: Two,
    client: str,
    first: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    proxy, one, other = await two(first, BUSY)
    request = body(client, "hi", system="Be kind.", max_tokens=300, stream=stream)
    async with proxy.post(path(client, stream=stream), json=request) as response:
        raw = await response.read()
        assert response.status == 200, raw
        assert response.headers["x-llm-proxy-attempts"] == "2"
        assert response.headers["x-llm-proxy-backend"] == "two"
        assert response.headers["x-llm-proxy-model"] == "m2"
    assert told(client, raw, stream=stream).text == "Hello you"
    for vendor, dialect in ((one, first), (other, OTHER[first])):
        sent = vendor.requests[-1]
        assert turns_of(sent.json) == [("user", "hi")]
        check_upstream(dialect, sent)


@clients
@vendors
async def test_a_stream_that_breaks_before_its_content(two: Two, client: str, first: str) -> None:
    opening = [frame for frame in SCRIPTS[first]["TALK"].frames[:2] if b"Hello" not in frame]
    proxy, _, _ = await two(first, streamed(opening, ends="reset"))
    request = body(client, "hi", stream=True)
    async with proxy.post(path(client, stream=True), json=request) as response:
        raw = await response.read()
        assert response.status == 200, raw
        assert response.headers["x-llm-proxy-attempts"] == "2"
    assert told(client, raw, stream=True).text == "Hello you"


async def test_only_the_losses_of_the_attempt_that_counts(
    two: Two, caplog: pytest.LogCaptureFixture
) -> None:
    request = {**body("openai_chat", "hi"), "seed": 3, "metadata": {"a": "b"}}
    proxy, _, other = await two("anthropic_messages", BUSY, "openai_chat")
    async with proxy.post(path("openai_chat"), json=request) as response:
        assert "x-llm-proxy-warnings" not in response.headers
    assert other.requests[-1].json == {**request, "model": "m2"}
    proxy, _, _ = await two("openai_chat", BUSY, "anthropic_messages")
    with caplog.at_level(logging.INFO):
        async with proxy.post(path("openai_chat"), json=request) as response:
            warnings = response.headers["x-llm-proxy-warnings"]
    assert set(warnings.split("; ")) == {"dropped seed", "dropped metadata"}
    line = request_lines(caplog)[0]
    assert set(line["warnings"]) == {"dropped seed", "dropped metadata"}


AUDIO: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "hi"},
                    {"type": "input_audio", "input_audio": {"data": "ZmFrZQ==", "format": "wav"}},
                ],
            }
        ]
    },
    "gemini": {
        "contents": [
            {
                "role": "user",
                "parts": [
                    {"text": "hi"},
                    {"inlineData": {"mimeType": "audio/wav", "data": "ZmFrZQ=="}},
                ],
            }
        ]
    },
}


@pytest.mark.parametrize("client", list(AUDIO))
@pytest.mark.parametrize("second", ["openai_chat", "gemini"])
async def test_a_target_that_cannot_be_asked_so_is_passed_over(
    two: Two, client: str, second: str
) -> None:
    proxy, one, other = await two("anthropic_messages", BUSY, second)
    request = {**body(client, "hi"), **AUDIO[client]}
    async with proxy.post(path(client), json=request) as response:
        raw = await response.read()
        assert response.status == 200, raw
        assert response.headers["x-llm-proxy-attempts"] == "2"
    assert told(client, raw).text == "Hello you"
    assert one.requests == []
    assert b"ZmFrZQ==" in other.requests[-1].body


async def test_where_none_can_be_asked_so_the_field_is_named(two: Two) -> None:
    unknown = whole({"error": {"message": "no such model"}}, 404)
    proxy, _, other = await two("openai_chat", unknown, "anthropic_messages")
    request = {**body("openai_chat", "hi"), **AUDIO["openai_chat"]}
    async with proxy.post(path("openai_chat"), json=request) as response:
        error = (await response.json())["error"]
        assert response.status == 400, error
    assert error["type"] == "invalid_request_error"
    assert "audio" in error["message"]
    assert other.requests == []


@pytest.mark.parametrize("client", ["openai_responses", "anthropic_messages", "gemini"])
@pytest.mark.parametrize("first", ["openai_responses", "anthropic_messages", "gemini"])
async def test_the_second_target_counts(two: Two, client: str, first: str) -> None:
    second = "gemini" if first != "gemini" else "anthropic_messages"
    proxy, _, other = await two(first, BUSY, second)
    async with proxy.post(counting_path(client), json=counting_body(client, "hi")) as response:
        raw = await response.read()
        assert response.status == 200, raw
        assert response.headers["x-llm-proxy-attempts"] == "2"
    assert b"42" in raw
    check_upstream(second, other.requests[-1])
