"""The official SDKs as clients of a stream that has to wait, and is told so."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors, types

from tests.support.four_vendors import FourVendors, model_at
from tests.support.process import Server
from tests.support.scripts import SCRIPTS
from tests.support.vendor import Connection, streamed, whole

# Google's SDK inherits from what aiohttp would rather have alone.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")

OFTEN = '[server]\nheartbeat = "10ms"\n'
PAUSE = 0.05
"""Seconds in which some signs of life come, and a test does not take long."""

MODEL = model_at("openai_chat")
ASKED: Any = [{"role": "user", "content": "hi"}]
HELLO_YOU = streamed(SCRIPTS["openai_chat"]["TALK"].frames, pause=PAUSE)
OVERLOADED = whole({"error": {"message": "Too busy"}}, 503)


@pytest.fixture(scope="module")
def url(four: FourVendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path: Path = tmp_path_factory.mktemp("often") / "pipelines.toml"
    path.write_text(OFTEN + four.config, encoding="utf-8")
    with Server(path) as server:
        yield server.url


def _chat(url: str) -> str:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="fake-key", max_retries=0) as sdk:
        chunks = sdk.chat.completions.create(model=MODEL, messages=ASKED, stream=True)
        return "".join(c.delta.content or "" for chunk in chunks for c in chunk.choices)


def _chat_helper(url: str) -> str:
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key="fake-key", max_retries=0) as sdk,
        sdk.chat.completions.stream(model=MODEL, messages=ASKED) as stream,
    ):
        return stream.get_final_completion().choices[0].message.content or ""


def _responses(url: str) -> str:
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key="fake-key", max_retries=0) as sdk,
        sdk.responses.stream(model=MODEL, input="hi") as stream,
    ):
        return stream.get_final_response().output_text


def _messages(url: str) -> str:
    with (
        anthropic.Anthropic(base_url=url, api_key="fake-key", max_retries=0) as sdk,
        sdk.messages.stream(model=MODEL, max_tokens=9, messages=ASKED) as stream,
    ):
        return stream.get_final_text()


def _gemini(url: str) -> str:
    options = types.HttpOptions(base_url=url)
    with genai.Client(api_key="fake-key", http_options=options) as sdk:
        chunks = sdk.models.generate_content_stream(model=MODEL, contents="hi")
        return "".join(chunk.text or "" for chunk in chunks)


def _gemini_async(url: str) -> str:
    async def ask() -> str:
        options = types.HttpOptions(base_url=url)
        async with genai.Client(api_key="fake-key", http_options=options).aio as sdk:
            chunks = await sdk.models.generate_content_stream(model=MODEL, contents="hi")
            return "".join([chunk.text or "" async for chunk in chunks])

    return asyncio.run(ask())


CLIENTS: list[tuple[Callable[[str], str], type[Exception]]] = [
    (_chat, openai.APIError),
    (_chat_helper, openai.APIError),
    (_responses, openai.APIError),
    (_messages, anthropic.APIError),
    (_gemini, errors.APIError),
    (_gemini_async, errors.APIError),
]


async def _slow_answer(at: Connection) -> None:
    await asyncio.sleep(PAUSE)
    await HELLO_YOU(at)


async def _slow_refusal(at: Connection) -> None:
    await asyncio.sleep(PAUSE)
    await OVERLOADED(at)


@pytest.mark.parametrize("ask", [ask for ask, _ in CLIENTS])
def test_before_an_answer_and_in_it(
    url: str, vendors: FourVendors, ask: Callable[[str], str]
) -> None:
    vendors.reset(instead=_slow_answer)
    assert "Hello you" == ask(url)


@pytest.mark.parametrize(("ask", "error"), CLIENTS)
def test_before_an_error(
    url: str, vendors: FourVendors, ask: Callable[[str], str], error: type[Exception]
) -> None:
    """It is the SDK's own error, though the status has been 200."""
    vendors.reset(instead=_slow_refusal)
    with pytest.raises(error, match="Too busy"):
        ask(url)
