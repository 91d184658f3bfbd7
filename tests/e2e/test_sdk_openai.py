"""OpenAI's own SDK as the client, with both of its APIs, before a vendor of every dialect."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from tests.support.four_vendors import FourVendors, model_at
from tests.support.oracle import check_upstream
from tests.support.process import Server
from tests.support.scripts import SCRIPTS
from tests.support.vendor import whole

PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
CHAT_TOOLS: Any = [
    {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}},
    {"type": "function", "function": {"name": "clock"}},
]
RESPONSES_TOOLS: Any = [
    {"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": True},
    {"type": "function", "name": "clock", "parameters": None, "strict": False},
]
OWN_STATE = {
    "openai_responses": "fake-encrypted",
    "anthropic_messages": "fake-signature",
    "gemini": "ZmFrZS1zaWduYXR1cmU=",
}

every_vendor = pytest.mark.parametrize("vendor", list(SCRIPTS))


@pytest.fixture(scope="module")
def client(proxy: Server) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{proxy.url}/v1", api_key="fake-key", max_retries=0) as sdk:
        yield sdk


def _chat(client: OpenAI, vendor: str, **fields: Any) -> Any:
    messages = fields.pop("messages", [{"role": "user", "content": "hi"}])
    return client.chat.completions.create(model=model_at(vendor), messages=messages, **fields)


def _chat_streamed(client: OpenAI, vendor: str, **fields: Any) -> Any:
    messages = fields.pop("messages", [{"role": "user", "content": "hi"}])
    with client.chat.completions.stream(
        model=model_at(vendor),
        messages=messages,
        stream_options={"include_usage": True},
        **fields,
    ) as stream:
        return stream.get_final_completion()


chat_both_ways = pytest.mark.parametrize("ask", [_chat, _chat_streamed], ids=["whole", "streamed"])


@every_vendor
@chat_both_ways
def test_chat_text(client: OpenAI, vendors: FourVendors, vendor: str, ask: Any) -> None:
    answer = ask(client, vendor, max_completion_tokens=100)

    choice = answer.choices[0]
    assert (choice.message.content, choice.finish_reason) == ("Hello you", "stop")
    usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (130, 30, 160)
    assert usage.prompt_tokens_details.cached_tokens == 100
    assert usage.completion_tokens_details.reasoning_tokens == 12
    check_upstream(vendor, vendors.received(vendor))


@every_vendor
@chat_both_ways
def test_chat_everything_in_one_answer_and_the_turn_after_it(
    client: OpenAI, vendors: FourVendors, vendor: str, ask: Any
) -> None:
    vendors.reset("WORK")
    first = ask(client, vendor, tools=_strict(CHAT_TOOLS), reasoning_effort="high")

    message, finish = first.choices[0].message, first.choices[0].finish_reason
    assert (message.content, finish) == ("Hi", "tool_calls")
    assert message.reasoning_content == "plan"
    calls = [(call.function.name, call.function.arguments) for call in message.tool_calls]
    assert calls == [("weather", '{"city":"Rome"}'), ("clock", "{}")]
    check_upstream(vendor, vendors.received(vendor))

    results = [
        {"role": "tool", "tool_call_id": call.id, "content": f"{call.function.name} done"}
        for call in message.tool_calls
    ]
    called = [
        {
            "id": call.id,
            "type": "function",
            "function": call.function.model_dump(include={"name", "arguments"}),
        }
        for call in message.tool_calls
    ]
    # Many clients keep nothing but these fields; the state is found by the calls' ids.
    kept = {"role": "assistant", "content": message.content, "tool_calls": called}
    vendors.reset("TALK")
    second = ask(
        client,
        vendor,
        tools=_strict(CHAT_TOOLS),
        reasoning_effort="high",
        messages=[{"role": "user", "content": "hi"}, kept, *results],
    )
    assert second.choices[0].message.content == "Hello you"
    check_upstream(vendor, vendors.received(vendor))
    body = vendors.received(vendor).body.decode()
    assert OWN_STATE.get(vendor, "") in body
    assert "px1." not in body


def _strict(tools: Any) -> Any:
    """The SDK's stream helper takes only strict tools."""
    empty = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    return [
        {**tool, "function": {"parameters": empty, **tool["function"], "strict": True}}
        for tool in tools
    ]


class Weather(BaseModel):
    city: str


@every_vendor
def test_chat_structured(client: OpenAI, vendors: FourVendors, vendor: str) -> None:
    vendors.reset("JSON")
    answer = client.chat.completions.parse(
        model=model_at(vendor),
        messages=[{"role": "user", "content": "hi"}],
        response_format=Weather,
    )
    assert answer.choices[0].message.parsed == Weather(city="Rome")
    _asked_for_the_schema(vendor, vendors)


@every_vendor
def test_responses_structured(client: OpenAI, vendors: FourVendors, vendor: str) -> None:
    vendors.reset("JSON")
    answer = client.responses.parse(model=model_at(vendor), input="hi", text_format=Weather)
    assert answer.output_parsed == Weather(city="Rome")
    _asked_for_the_schema(vendor, vendors)


def _asked_for_the_schema(vendor: str, vendors: FourVendors) -> None:
    received = vendors.received(vendor)
    check_upstream(vendor, received)
    assert b'"city"' in received.body
    assert b'"required"' in received.body


@every_vendor
def test_chat_refused_by_the_vendor(client: OpenAI, vendors: FourVendors, vendor: str) -> None:
    error = {"error": {"type": "rate_limit_error", "message": "Slow down", "code": 429}}
    vendors.reset(instead=whole(error, 429, retry_after="7"))
    with pytest.raises(openai.RateLimitError) as caught:
        _chat(client, vendor)

    assert caught.value.response.headers["retry-after"] == "7"
    assert caught.value.type == "rate_limit_error"
    assert "Slow down" in caught.value.message


def _respond(client: OpenAI, vendor: str, **fields: Any) -> Any:
    return client.responses.create(model=model_at(vendor), **{"input": "hi", **fields})


def _respond_streamed(client: OpenAI, vendor: str, **fields: Any) -> Any:
    with client.responses.stream(model=model_at(vendor), **{"input": "hi", **fields}) as stream:
        return stream.get_final_response()


responses_both_ways = pytest.mark.parametrize(
    "ask", [_respond, _respond_streamed], ids=["whole", "streamed"]
)


@every_vendor
@responses_both_ways
def test_responses_text(client: OpenAI, vendors: FourVendors, vendor: str, ask: Any) -> None:
    answer = ask(client, vendor, instructions="Be kind.", max_output_tokens=100)

    assert (answer.output_text, answer.status) == ("Hello you", "completed")
    usage = answer.usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (130, 30, 160)
    assert usage.input_tokens_details.cached_tokens == 100
    assert usage.output_tokens_details.reasoning_tokens == 12
    check_upstream(vendor, vendors.received(vendor))


@every_vendor
@responses_both_ways
def test_responses_everything_in_one_answer_and_the_turn_after_it(
    client: OpenAI, vendors: FourVendors, vendor: str, ask: Any
) -> None:
    vendors.reset("WORK")
    asked: Any = {
        "tools": RESPONSES_TOOLS,
        "reasoning": {"effort": "high", "summary": "auto"},
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }
    first = ask(client, vendor, **asked)

    assert first.output_text == "Hi"
    calls = [item for item in first.output if item.type == "function_call"]
    assert [(call.name, call.arguments) for call in calls] == [
        ("weather", '{"city":"Rome"}'),
        ("clock", "{}"),
    ]
    thoughts = [item for item in first.output if item.type == "reasoning"]
    summaries = [part.text for item in thoughts for part in item.summary]
    assert "".join(summaries) == "plan"
    check_upstream(vendor, vendors.received(vendor))

    history = [
        item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in first.output
    ]
    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": f"{call.name} done"}
        for call in calls
    ]
    vendors.reset("TALK")
    second = ask(
        client, vendor, **asked, input=[{"role": "user", "content": "hi"}, *history, *results]
    )
    assert second.output_text == "Hello you"
    received = vendors.received(vendor)
    check_upstream(vendor, received)
    assert OWN_STATE.get(vendor, "") in received.body.decode()
    assert "px1." not in received.body.decode()


@pytest.mark.usefixtures("vendors")
def test_models(client: OpenAI) -> None:
    assert "gemini:m1" in [model.id for model in client.models.list()]
    assert client.models.retrieve("openai_chat:m1").owned_by == "openai_chat"
