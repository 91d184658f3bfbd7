"""The official SDKs as clients of a stream that breaks and is gone on with by another vendor."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

from llm_proxy.pipeline.continuing import GO_ON
from tests.support.broken_off import breaks, rest, up_to
from tests.support.four_vendors import FourVendors
from tests.support.process import Server
from tests.support.two_vendors import OTHER
from tests.support.vendor import Connection, streamed

# Google's SDK inherits from what aiohttp would rather have alone.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")

ROUTES = [(first, second) for first in OTHER for second in (first, OTHER[first])]
"""The first vendor speaks the client's dialect, so that its frames are relayed; so does the second,
or not."""

ASKED: Any = [{"role": "user", "content": "hi"}]

API_PATHS = {
    "/chat/completions": "openai_chat",
    "/responses": "openai_responses",
    "/messages": "anthropic_messages",
    ":streamGenerateContent?alt=sse": "gemini",
}


@pytest.fixture(scope="module")
def url(four: FourVendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    routes = [
        f"[stages.failover.routes.{first}-{second}]\n"
        f'attempts = [{{ backend = "{first}", model = "m1" }},'
        f' {{ backend = "{second}", model = "m2" }}]\n'
        for first, second in ROUTES
    ]
    path: Path = tmp_path_factory.mktemp("resume") / "pipelines.toml"
    resumes = four.config.replace("max_tries = 1\n", "resume = true\n" + "".join(routes))
    path.write_text(resumes, encoding="utf-8")
    with Server(path) as server:
        yield server.url


async def _breaks_or_goes_on(at: Connection) -> None:
    """Each vendor breaks off, and goes on if it is asked to."""
    vendor = next(one for path, one in API_PATHS.items() if at.received.path.endswith(path))
    if GO_ON.encode() in at.received.body:
        await streamed(rest(vendor))(at)
    else:
        await breaks(vendor, up_to(vendor, b"Hello"), "reset")(at)


Seen = tuple[str, str | None, int]
"""The text, why it ended, and how many blocks or items it has."""


def _chat(url: str, model: str) -> Seen:
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key="fake-key", max_retries=0) as sdk,
        sdk.chat.completions.stream(model=model, messages=ASKED) as stream,
    ):
        done = [event.content for event in stream if event.type == "content.done"]
        (choice,) = stream.get_final_completion().choices
    assert done == [choice.message.content]
    return done[0], choice.finish_reason, 1


def _responses(url: str, model: str) -> Seen:
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key="fake-key", max_retries=0) as sdk,
        sdk.responses.stream(model=model, input="hi") as stream,
    ):
        done = [event.text for event in stream if event.type == "response.output_text.done"]
        response = stream.get_final_response()
    assert done == [response.output_text]
    assert response.usage is not None
    return response.output_text, response.status, len(response.output)


def _messages(url: str, model: str) -> Seen:
    with (
        anthropic.Anthropic(base_url=url, api_key="fake-key", max_retries=0) as sdk,
        sdk.messages.stream(model=model, max_tokens=9, messages=ASKED) as stream,
    ):
        pieces = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert pieces == stream.get_final_text()
    return pieces, message.stop_reason, len(message.content)


def _gemini(url: str, model: str) -> Seen:
    options = types.HttpOptions(base_url=url)
    with genai.Client(api_key="fake-key", http_options=options) as sdk:
        chunks = list(sdk.models.generate_content_stream(model=model, contents="hi"))
    (candidate,) = chunks[-1].candidates or ()
    assert chunks[-1].usage_metadata is not None
    text = "".join(chunk.text or "" for chunk in chunks)
    return text, candidate.finish_reason and candidate.finish_reason.value, 1


CLIENTS: dict[str, tuple[Callable[[str, str], Seen], str]] = {
    "openai_chat": (_chat, "stop"),
    "openai_responses": (_responses, "completed"),
    "anthropic_messages": (_messages, "end_turn"),
    "gemini": (_gemini, "STOP"),
}


@pytest.mark.parametrize(("first", "second"), ROUTES)
def test_it_is_one_answer(url: str, vendors: FourVendors, first: str, second: str) -> None:
    vendors.reset(instead=_breaks_or_goes_on)
    ask, finish = CLIENTS[first]
    assert ask(url, f"{first}-{second}") == ("Hello dear you", finish, 1)
    assert GO_ON.encode() in vendors.received(second).body
    assert len(vendors.all_received(first)) == (2 if first == second else 1)
