"""What each vendor is sent: where, with which headers. Files: vendor, anthropic, gemini,
openrouter, zai."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from llm_proxy.backends import BUILTIN
from llm_proxy.pipeline.backend import BackendKit
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import UpstreamError
from llm_proxy.pipeline.exchange import Client, Exchange
from llm_proxy.pipeline.state.memory import MemoryStore
from tests.support.asking_vendors import DIALECT_OF, backend, sent
from tests.support.scripts import plays
from tests.support.stages import asking, text_of
from tests.support.vendor import Vendor, whole


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize(
    ("type_", "path", "header"),
    [
        ("openai", "/chat/completions", ("authorization", "Bearer fake-key")),
        ("openrouter", "/chat/completions", ("authorization", "Bearer fake-key")),
        ("zai", "/chat/completions", ("authorization", "Bearer fake-key")),
        ("anthropic", "/v1/messages", ("x-api-key", "fake-key")),
        ("gemini", "/v1beta/models/m:generateContent", ("x-goog-api-key", "fake-key")),
    ],
)
async def test_where_and_with_which_key(
    http: aiohttp.ClientSession, type_: str, path: str, header: tuple[str, str]
) -> None:
    received = await sent(http, type_, asking(), "m")
    assert received.path == path
    assert received.headers[header[0]] == header[1]
    keys = {"authorization", "x-api-key", "x-goog-api-key"} & received.headers.keys()
    assert keys == {header[0]}


async def test_gemini_streams_at_another_address(http: aiohttp.ClientSession) -> None:
    received = await sent(http, "gemini", asking(stream=True), "models/tuned/my model")
    assert received.path == "/v1beta/models/tuned/my%20model:streamGenerateContent?alt=sse"


@pytest.mark.parametrize("url", ["https://a.example", "https://a.example/v1beta/"])
def test_a_url_with_the_version_is_taken_too(url: str) -> None:
    assert BUILTIN["gemini"].Options.model_validate({"api_url": url}).url == "https://a.example"  # type: ignore[attr-defined]


async def test_responses_is_another_address(http: aiohttp.ClientSession) -> None:
    async with Vendor([plays("openai_responses", "TALK")]) as vendor:
        made = backend(http, "openai", f"http://127.0.0.1:{vendor.port}/v1", api="responses")
        reply = await made.send(asking(), "m")
        assert text_of(await reply.collect()) == "Hello you"
    assert vendor.requests[0].path == "/v1/responses"


def _native(headers: Mapping[str, str]) -> Exchange:
    body = b'{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}'
    request = DIALECTS["anthropic_messages"].read_request(body)
    return replace(asking(), request=request, client=Client("127.0.0.1", headers))


@pytest.mark.parametrize(
    ("model", "version"), [("claude-opus-5", "2026-10-21"), ("claude-sonnet-4-5", "2023-06-01")]
)
async def test_the_version_of_a_translated_request_is_the_models(
    http: aiohttp.ClientSession, model: str, version: str
) -> None:
    received = await sent(http, "anthropic", asking(), model)
    assert received.headers["anthropic-version"] == version
    assert "anthropic-beta" not in received.headers


async def test_a_client_of_the_dialect_names_its_own_version(http: aiohttp.ClientSession) -> None:
    theirs = {"anthropic-version": "2024-01-01", "anthropic-beta": "a,b", "x-api-key": "theirs"}
    received = await sent(http, "anthropic", _native(theirs), "m")
    assert received.headers["anthropic-version"] == "2024-01-01"
    assert received.headers["anthropic-beta"] == "a,b"
    assert received.headers["x-api-key"] == "fake-key"


async def test_without_a_version_of_its_own_it_gets_the_oldest(http: aiohttp.ClientSession) -> None:
    received = await sent(http, "anthropic", _native({}), "m")
    assert received.headers["anthropic-version"] == "2023-06-01"


@pytest.mark.parametrize("type_", ["anthropic", "gemini"])
async def test_tokens_are_counted_by_the_vendor(http: aiohttp.ClientSession, type_: str) -> None:
    async with Vendor([plays(DIALECT_OF[type_], "TALK")]) as vendor:
        made = backend(http, type_, f"http://127.0.0.1:{vendor.port}")
        assert await made.count(asking(counts_only=True), "m") == 42


@pytest.mark.parametrize("type_", ["anthropic", "gemini", "openai"])
async def test_an_imitation_that_cannot_count_has_them_estimated(
    http: aiohttp.ClientSession, type_: str
) -> None:
    async with Vendor([whole(b"{}", 404)]) as vendor:
        made = backend(http, type_, f"http://127.0.0.1:{vendor.port}")
        assert await made.count(asking("x" * 400, counts_only=True), "m") == 104


async def test_a_refused_count_is_an_error(http: aiohttp.ClientSession) -> None:
    async with Vendor([whole(b"{}", 500)]) as vendor:
        made = backend(http, "anthropic", f"http://127.0.0.1:{vendor.port}")
        with pytest.raises(UpstreamError):
            await made.count(asking(counts_only=True), "m")


@pytest.mark.parametrize("type_", sorted(DIALECT_OF))
def test_the_vendor_itself_is_the_maker_of_its_state_and_others_are_only_themselves(
    type_: str,
) -> None:
    class_: Any = BUILTIN[type_]
    kit: Any = BackendKit(None, MemoryStore(lambda: 0.0))  # type: ignore[arg-type]
    official = class_("mine", class_.Options.model_validate({"api_key": "fake-key"}), kit)
    other = class_("mine", class_.Options.model_validate({"api_url": "http://127.0.0.1:1"}), kit)
    assert (official.maker, other.maker) == (type_, "mine")


@pytest.mark.parametrize("type_", sorted(DIALECT_OF))
def test_without_a_key_it_is_off(type_: str) -> None:
    assert BUILTIN[type_].Options.model_validate({"api_key": ""}).why_off() == "no api_key"
