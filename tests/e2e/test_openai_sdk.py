"""The official SDK against the real server process and its default configuration."""

from collections.abc import Generator, Iterator

import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from llm_proxy.load import DEFAULT_FILE
from tests.support.process import Server

WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    hasty = text.replace('backoff = "500ms"', 'backoff = "5ms"')
    hasty = hasty.replace('rate_limited = "next_key"', 'rate_limited = "tell"')
    hasty = hasty.replace("failures = 5 ", "failures = 1000 ")
    config = tmp_path_factory.mktemp("config") / "pipelines.toml"
    config.write_text(hasty, encoding="utf-8")
    with Server(config, {"PROXY_API_KEYS": "fake-key", "RATE_LIMIT": "1000"}) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Server) -> Generator[OpenAI, None, None]:
    with OpenAI(base_url=f"{server.url}/v1", api_key="fake-key", max_retries=0) as sdk:
        yield sdk


def _user(text: str) -> ChatCompletionMessageParam:
    return {"role": "user", "content": text}


def test_whole(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="local:echo", messages=[_user("Hello you")])

    assert answer.choices[0].message.content == "Hello you"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 4


def test_streamed(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="local:echo",
        messages=[_user("Hello you there")],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)

    texts = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert texts == ["Hello", " you", " there", None]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 3
    assert len({chunk.id for chunk in chunks}) == 1


def test_no_usage_unless_asked_for(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="local:echo", messages=[_user("Hello")], stream=True
    )

    assert all(chunk.usage is None for chunk in stream)


def test_the_streaming_helper_sees_a_tool_call(client: OpenAI) -> None:
    with client.chat.completions.stream(
        model="local:echo", messages=[_user("what weather is it?")], tools=[WEATHER]
    ) as stream:
        answer = stream.get_final_completion()

    (call,) = answer.choices[0].message.tool_calls or ()
    assert (call.function.name, call.function.arguments) == ("weather", '{"city":"sample"}')
    assert answer.choices[0].finish_reason == "tool_calls"


def test_a_tools_result_goes_back(client: OpenAI) -> None:
    question = _user("what weather is it?")
    answer = client.chat.completions.create(
        model="local:echo", messages=[question], tools=[WEATHER]
    )
    message = answer.choices[0].message
    assert message.tool_calls
    result: ChatCompletionMessageParam = {
        "role": "tool",
        "tool_call_id": message.tool_calls[0].id,
        "content": "18 degrees",
    }

    answer = client.chat.completions.create(
        model="local:echo",
        messages=[question, message.to_dict(), result],  # type: ignore[list-item]
        tools=[WEATHER],
    )

    assert answer.choices[0].message.content == "18 degrees"


def test_models(client: OpenAI) -> None:
    listed = {model.id: model.owned_by for model in client.models.list()}

    assert listed["local:echo"] == "local"
    assert client.models.retrieve("local:echo").id == "local:echo"


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("local:nope", openai.NotFoundError),
        ("local:error-400", openai.BadRequestError),
        ("local:error-403", openai.PermissionDeniedError),
        ("local:error-409", openai.ConflictError),
        ("local:error-429", openai.RateLimitError),
        ("local:error-500", openai.InternalServerError),
        ("gpt-4", openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_are_the_sdks_own(
    client: OpenAI, model: str, error: type[openai.APIStatusError], *, stream: bool
) -> None:
    with pytest.raises(error) as raised:
        client.chat.completions.create(model=model, messages=[_user("hi")], stream=stream)
    assert raised.value.response.headers["x-request-id"]


def test_a_wrong_key(server: Server) -> None:
    with (
        OpenAI(base_url=f"{server.url}/v1", api_key="wrong") as sdk,
        pytest.raises(openai.AuthenticationError),
    ):
        sdk.chat.completions.create(model="local:echo", messages=[_user("hi")])


def test_a_stream_that_breaks_raises(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="local:cut", messages=[_user("one two three four")], stream=True
    )

    seen: list[str | None] = []
    with pytest.raises(openai.APIError, match="broke off"):
        seen.extend(chunk.choices[0].delta.content for chunk in stream)
    assert seen == ["one", " two", " three"]


@pytest.mark.parametrize("stream", [False, True])
def test_commands_steer_the_chat(client: OpenAI, *, stream: bool) -> None:
    def ask(messages: list[ChatCompletionMessageParam]) -> str:
        if not stream:
            answer = client.chat.completions.create(model="local:loop", messages=messages)
            return answer.choices[0].message.content or ""
        chunks = client.chat.completions.create(model="local:loop", messages=messages, stream=True)
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)

    history = [_user(f"!/model(local:echo)\n!/set(max_tokens={3 + stream})")]
    answer = ask(history)
    assert answer == f"The model is now local:echo.\nSet max_tokens = {3 + stream}."
    history += [{"role": "assistant", "content": answer}, _user("one two three four five")]
    assert ask(history) == ("one two three four" if stream else "one two three")


def test_a_loop_is_stopped(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="local:loop", messages=[_user("hi")])

    assert "it was repeating itself" in (answer.choices[0].message.content or "")


def test_failover(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="failover-demo", messages=[_user("hi")]
    )

    assert raw.headers["x-llm-proxy-attempts"] == "2"
