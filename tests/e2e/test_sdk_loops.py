"""The official SDKs as clients of a model that goes round in circles, before a real server."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

from llm_proxy.stages.loop_detection import NOTICE
from tests.support.four_vendors import FourVendors, model_at
from tests.support.process import Server
from tests.support.saying import arguing, saying
from tests.support.scripts import SCRIPTS

# Google's SDK inherits from what aiohttp would rather have alone.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")

ASKED: Any = [{"role": "user", "content": "hi"}]
ROUND = ["I have told you", " this before", " and I will tell you again. "]
MANY = ROUND * 20_000
"""More than the sockets between vendor and client hold."""

Seen = tuple[str, str | None]
"""The text, and why the answer ended."""


@pytest.fixture(scope="module")
def url(four: FourVendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path: Path = tmp_path_factory.mktemp("loops") / "pipelines.toml"
    path.write_text(four.config + "\n[backends.local]\n", encoding="utf-8")
    with Server(path) as server:
        yield server.url


def _openai(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="fake-key", max_retries=0)


def _chat(url: str, model: str) -> Seen:
    with _openai(url) as sdk:
        (choice,) = sdk.chat.completions.create(model=model, messages=ASKED).choices
    return choice.message.content or "", choice.finish_reason


def _chat_streamed(url: str, model: str) -> Seen:
    with _openai(url) as sdk:
        chunks = list(sdk.chat.completions.create(model=model, messages=ASKED, stream=True))
    choices = [choice for chunk in chunks for choice in chunk.choices]
    text = "".join(choice.delta.content or "" for choice in choices)
    return text, next(choice.finish_reason for choice in choices if choice.finish_reason)


def _responses(url: str, model: str) -> Seen:
    with _openai(url) as sdk:
        response = sdk.responses.create(model=model, input="hi")
    return response.output_text, response.status


def _responses_streamed(url: str, model: str) -> Seen:
    with _openai(url) as sdk:
        events: list[Any] = list(sdk.responses.create(model=model, input="hi", stream=True))
    response = events[-1].response
    return response.output_text, response.status


def _messages(url: str, model: str) -> Seen:
    with anthropic.Anthropic(base_url=url, api_key="fake-key", max_retries=0) as sdk:
        message: Any = sdk.messages.create(model=model, max_tokens=9000, messages=ASKED)
    return "".join(one.text for one in message.content if one.type == "text"), message.stop_reason


def _messages_streamed(url: str, model: str) -> Seen:
    with (
        anthropic.Anthropic(base_url=url, api_key="fake-key", max_retries=0) as sdk,
        sdk.messages.stream(model=model, max_tokens=9000, messages=ASKED) as stream,
    ):
        message = stream.get_final_message()
        return stream.get_final_text(), message.stop_reason


def _gemini(url: str, model: str) -> Seen:
    with genai.Client(api_key="fake-key", http_options=types.HttpOptions(base_url=url)) as sdk:
        answer = sdk.models.generate_content(model=model, contents="hi")
    return _of_gemini([answer])


def _gemini_streamed(url: str, model: str) -> Seen:
    with genai.Client(api_key="fake-key", http_options=types.HttpOptions(base_url=url)) as sdk:
        return _of_gemini(list(sdk.models.generate_content_stream(model=model, contents="hi")))


def _of_gemini(answers: list[types.GenerateContentResponse]) -> Seen:
    candidates = [one for answer in answers for one in answer.candidates or ()]
    contents = [one.content for one in candidates if one.content]
    text = "".join(part.text or "" for content in contents for part in content.parts or ())
    reason = candidates[-1].finish_reason
    return text, reason and reason.value


WHOLE: dict[str, tuple[Callable[[str, str], Seen], str]] = {
    "openai_chat": (_chat, "stop"),
    "openai_responses": (_responses, "completed"),
    "anthropic_messages": (_messages, "end_turn"),
    "gemini": (_gemini, "STOP"),
}

STREAMED: dict[str, tuple[Callable[[str, str], Seen], str, str]] = {
    "openai_chat": (_chat_streamed, "stop", "length"),
    "openai_responses": (_responses_streamed, "completed", "incomplete"),
    "anthropic_messages": (_messages_streamed, "end_turn", "max_tokens"),
    "gemini": (_gemini_streamed, "STOP", "MAX_TOKENS"),
}
"""How an answer is asked for, and what it says if it is stopped, in the text and in a call."""

every_client = pytest.mark.parametrize("client", list(SCRIPTS))


@every_client
def test_the_embedded_model_is_stopped_after_a_round(url: str, client: str) -> None:
    ask, stopped = WHOLE[client]
    text, finish = ask(url, "local:loop")
    assert text == "I have told you this before and I will tell you again. " + NOTICE
    assert finish == stopped


@every_client
def test_a_stream_of_the_embedded_model_is_stopped(url: str, client: str) -> None:
    ask, stopped, _ = STREAMED[client]
    text, finish = ask(url, "local:loop")
    assert text.startswith("I have told you this before")
    assert text.endswith(NOTICE)
    assert len(text) < 600
    assert finish == stopped


@every_client
def test_the_vendor_sees_its_connection_closed(url: str, vendors: FourVendors, client: str) -> None:
    vendors.reset(instead=saying(client, MANY))
    ask, stopped, _ = STREAMED[client]
    text, finish = ask(url, model_at(client))
    assert (text.endswith(NOTICE), finish) == (True, stopped)
    vendors.left(client)


@every_client
def test_a_call_in_a_loop_ends_as_one_that_is_not_to_be_run(
    url: str, vendors: FourVendors, client: str
) -> None:
    vendors.reset(instead=arguing(client, ROUND * 200))
    ask, _, limited = STREAMED[client]
    text, finish = ask(url, model_at(client))
    assert text.endswith("Hi" + NOTICE)
    assert finish == limited
