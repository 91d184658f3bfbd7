"""What goes wrong at a vendor, as a client of each other dialect sees it."""

from typing import Any

import orjson
import pytest

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.events import Event, Failure, Finish, TextDelta
from tests.support.broken_off import ERRORS, up_to
from tests.support.one_vendor import PATHS, STREAMED, Start, asked
from tests.support.scripts import SCRIPTS
from tests.support.vendor import streamed, whole

clients = pytest.mark.parametrize("client", list(SCRIPTS))
vendors = pytest.mark.parametrize("vendor", list(SCRIPTS))

BUSY = {"openai_chat": 503, "openai_responses": 503, "anthropic_messages": 529, "gemini": 503}
GATEWAY = {"openai_chat": 502, "openai_responses": 502, "anthropic_messages": 502, "gemini": 500}


def read(client: str, body: bytes) -> list[Event]:
    reader = DIALECTS[client].read_stream()
    return [*reader.feed(body), *reader.close()]


def message_of(client: str, body: bytes) -> str:
    """The error's text, in the form that this client's SDK looks for."""
    parsed: Any = orjson.loads(body)
    if client == "anthropic_messages":
        assert parsed["type"] == "error"
        assert parsed["request_id"]
    if client == "gemini":
        assert parsed["error"]["status"]
    return str(parsed["error"]["message"])


@clients
@vendors
async def test_an_error_before_anything_was_said_is_a_status(
    before_vendor: Start, client: str, vendor: str
) -> None:
    opening = [frame for frame in up_to(vendor, b"Hello") if b"Hello" not in frame]
    proxy, _ = await before_vendor(vendor, streamed([*opening, ERRORS[vendor]]))
    async with proxy.post(STREAMED[client], json=asked(client, stream=True)) as response:
        body = await response.read()
        assert response.status == BUSY[client], body
    assert message_of(client, body) == "Overloaded"


@clients
@vendors
async def test_an_error_in_the_middle_is_the_clients_own_error_event(
    before_vendor: Start, client: str, vendor: str
) -> None:
    proxy, _ = await before_vendor(vendor, streamed([*up_to(vendor, b"Hello"), ERRORS[vendor]]))
    async with proxy.post(STREAMED[client], json=asked(client, stream=True)) as response:
        assert response.status == 200
        body = await response.read()
    events = read(client, body)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Hello"
    assert isinstance(events[-1], Failure)
    assert events[-1].error.message == "Overloaded"
    assert not [event for event in events if isinstance(event, Finish)]
    assert b"[DONE]" not in body


@clients
@vendors
@pytest.mark.parametrize("ends", ["well", "cut", "reset"])
async def test_a_stream_without_its_end_is_never_a_finish(
    before_vendor: Start, client: str, vendor: str, ends: str
) -> None:
    proxy, _ = await before_vendor(vendor, streamed(up_to(vendor, b"Hello"), ends=ends))
    async with proxy.post(STREAMED[client], json=asked(client, stream=True)) as response:
        body = await response.read()
    events = read(client, body)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Hello"
    assert isinstance(events[-1], Failure)
    assert not [event for event in events if isinstance(event, Finish)]


@clients
@vendors
async def test_nothing_said_at_all_is_a_bad_gateway(
    before_vendor: Start, client: str, vendor: str
) -> None:
    opening = [frame for frame in up_to(vendor, b"Hello") if b"Hello" not in frame]
    proxy, _ = await before_vendor(vendor, streamed(opening))
    async with proxy.post(STREAMED[client], json=asked(client, stream=True)) as response:
        body = await response.read()
        assert response.status == GATEWAY[client], body
    assert message_of(client, body)


@clients
@vendors
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_refusal_keeps_its_words_its_status_and_its_wait(
    before_vendor: Start,
    client: str,
    vendor: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    error = {
        "error": {
            "code": 429,
            "type": "rate_limit_error",
            "message": "Slow down",
            "status": "RESOURCE_EXHAUSTED",
        }
    }
    proxy, _ = await before_vendor(vendor, whole(error, 429, retry_after="7"))
    path = (STREAMED if stream else PATHS)[client]
    async with proxy.post(path, json=asked(client, stream=stream)) as response:
        body = await response.read()
        assert response.status == 429
        assert response.headers["Retry-After"] == "7"
        assert response.content_type == "application/json"
    assert message_of(client, body) == "Slow down"


@clients
async def test_geminis_own_wait_is_told_too(before_vendor: Start, client: str) -> None:
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "32s"}
    error = {
        "error": {
            "code": 429,
            "message": "Quota",
            "status": "RESOURCE_EXHAUSTED",
            "details": [retry],
        }
    }
    proxy, _ = await before_vendor("gemini", whole(error, 429))
    async with proxy.post(PATHS[client], json=asked(client)) as response:
        assert response.headers["Retry-After"] == "32"
        if client == "gemini":
            assert b'"retryDelay":"32s"' in await response.read()


@clients
async def test_the_proxys_own_key_refused_is_not_the_clients_fault(
    before_vendor: Start, client: str
) -> None:
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    error = {
        "error": {
            "code": 400,
            "message": "API key not valid",
            "status": "INVALID_ARGUMENT",
            "details": [reason],
        }
    }
    proxy, _ = await before_vendor("gemini", whole(error, 400))
    async with proxy.post(PATHS[client], json=asked(client)) as response:
        assert response.status == GATEWAY[client]


@clients
@vendors
async def test_an_error_where_an_answer_should_be(
    before_vendor: Start, client: str, vendor: str
) -> None:
    error = {"error": {"code": 503, "message": "Overloaded", "type": "overloaded_error"}}
    proxy, _ = await before_vendor(vendor, whole(error))
    async with proxy.post(PATHS[client], json=asked(client)) as response:
        body = await response.read()
        assert response.status == BUSY[client], body
    assert message_of(client, body) == "Overloaded"


@clients
@vendors
@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"null", b"{}", b'{"a":1}'])
async def test_no_answer_of_any_kind_is_a_bad_gateway(
    before_vendor: Start, client: str, vendor: str, body: bytes
) -> None:
    proxy, _ = await before_vendor(vendor, whole(body))
    async with proxy.post(PATHS[client], json=asked(client)) as response:
        told = await response.read()
        assert response.status == GATEWAY[client], told
    assert message_of(client, told)


@clients
@vendors
async def test_a_vendor_that_only_streams_serves_who_wants_a_whole_answer(
    before_vendor: Start, client: str, vendor: str
) -> None:
    proxy, _ = await before_vendor(vendor, streamed(SCRIPTS[vendor]["WORK"].frames))
    async with proxy.post(PATHS[client], json=asked(client)) as response:
        body = await response.read()
        assert response.status == 200, body
    events = DIALECTS[client].read_whole(body)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Hi"


@clients
@vendors
async def test_a_vendor_that_never_streams_serves_who_wants_a_stream(
    before_vendor: Start, client: str, vendor: str
) -> None:
    proxy, _ = await before_vendor(vendor, whole(dict(SCRIPTS[vendor]["WORK"].whole)))
    async with proxy.post(STREAMED[client], json=asked(client, stream=True)) as response:
        body = await response.read()
        assert response.status == 200, body
    events = read(client, body)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Hi"
    assert not isinstance(events[-1], Failure)
