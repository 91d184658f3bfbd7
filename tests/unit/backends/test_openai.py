from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
from aioresponses import aioresponses

from llm_proxy.backends.openai import OpenAI, OpenAIOptions
from llm_proxy.pipeline.backend import BackendKit
from llm_proxy.pipeline.errors import Fault, Kind, UpstreamBroken, UpstreamError, UpstreamTimeout
from llm_proxy.pipeline.state.memory import MemoryStore
from tests.support.mocked import MockedResponse
from tests.support.stages import asking, text_of
from tests.support.vendor import completion

URL_ = "http://vendor.example/v1"
CHAT = f"{URL_}/chat/completions"


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def _backend(http: aiohttp.ClientSession, **options: Any) -> OpenAI:
    read = OpenAIOptions.model_validate({"api_url": URL_, "api_key": "fake-key", **options})
    return OpenAI("vendor", read, BackendKit(http, MemoryStore(lambda: 0.0)))


async def test_a_whole_answer(http: aiohttp.ClientSession) -> None:
    with aioresponses() as vendor:
        vendor.post(CHAT, payload=completion(), response_class=MockedResponse)
        reply = await _backend(http).send(asking(), "m")

    assert (reply.head.backend, reply.head.model) == ("vendor", "m")
    assert text_of(await reply.collect()) == "Hello"


@pytest.mark.parametrize(
    ("options", "headers"),
    [
        ({}, {"Authorization": "Bearer fake-key"}),
        ({"api_key": None}, {}),
        ({"api_key": ""}, {}),
    ],
)
async def test_what_is_sent(
    http: aiohttp.ClientSession, options: dict[str, Any], headers: dict[str, str]
) -> None:
    with aioresponses() as vendor:
        vendor.post(CHAT, payload=completion(), response_class=MockedResponse)
        await _backend(http, **options).send(asking("hi"), "m2")
        ((_, (call,)),) = vendor.requests.items()

    common = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    assert call.kwargs["headers"] == {**common, **headers}
    assert call.kwargs["allow_redirects"] is False
    assert orjson.loads(call.kwargs["data"].decode()) == {
        "model": "m2",
        "messages": [{"role": "user", "content": "hi"}],
    }


@pytest.mark.parametrize(
    ("foreign", "kind", "told", "fault"),
    [
        (
            aiohttp.ServerDisconnectedError("10.1.2.3"),
            UpstreamBroken,
            "broke off",
            Fault.CONNECTION,
        ),
        (aiohttp.ClientPayloadError("10.1.2.3"), UpstreamBroken, "broke off", Fault.BROKEN_ANSWER),
        (ConnectionResetError("10.1.2.3"), UpstreamBroken, "broke off", Fault.CONNECTION),
        (
            aiohttp.ConnectionTimeoutError("10.1.2.3"),
            UpstreamTimeout,
            "did not answer in time",
            Fault.TIMEOUT,
        ),
        (TimeoutError("10.1.2.3"), UpstreamTimeout, "did not answer in time", Fault.TIMEOUT),
    ],
)
async def test_foreign_errors_are_renamed(
    http: aiohttp.ClientSession,
    foreign: Exception,
    kind: type[UpstreamError],
    told: str,
    fault: Fault,
) -> None:
    with aioresponses() as vendor:
        vendor.post(CHAT, exception=foreign)
        vendor.get(f"{URL_}/models", exception=foreign)
        with pytest.raises(kind) as chat:
            await _backend(http).send(asking(), "m")
        with pytest.raises(kind) as models:
            await _backend(http).models()

    assert chat.value.message == models.value.message == f'the backend "vendor" {told}'
    assert chat.value.for_log == f"{chat.value.message}: 10.1.2.3", "addresses are for the log"
    assert chat.value.fault is fault


async def test_a_refusal_never_repeats_the_key(http: aiohttp.ClientSession) -> None:
    with aioresponses() as vendor:
        vendor.post(
            CHAT,
            status=403,
            payload={"error": {"message": "fake-key may not"}},
            response_class=MockedResponse,
        )
        with pytest.raises(UpstreamError, match=r"^\[key\] may not$") as raised:
            await _backend(http).send(asking(), "m")
    assert raised.value.kind is Kind.FORBIDDEN


async def test_models(http: aiohttp.ClientSession) -> None:
    listed = {"data": [{"id": "a"}, {"id": ""}, {}, "x", {"id": "b"}]}
    with aioresponses() as vendor:
        vendor.get(f"{URL_}/models", payload=listed, response_class=MockedResponse)
        assert await _backend(http).models() == ["a", "b"]


@pytest.mark.parametrize("body", ["nothing", "[]", '{"models":[]}'])
async def test_a_list_that_is_none(http: aiohttp.ClientSession, body: str) -> None:
    with aioresponses() as vendor:
        vendor.get(f"{URL_}/models", body=body, response_class=MockedResponse)
        with pytest.raises(UpstreamBroken):
            await _backend(http).models()
