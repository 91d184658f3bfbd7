"""Anthropic's own SDK as the client, before a vendor of every dialect."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic
from anthropic.types import Message, ToolParam
from pydantic import BaseModel

from tests.support.four_vendors import FourVendors, model_at
from tests.support.oracle import check_upstream
from tests.support.process import Server
from tests.support.scripts import SCRIPTS
from tests.support.vendor import whole

TOOLS: list[ToolParam] = [
    {
        "name": "weather",
        "description": "Tells the weather.",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
    {"name": "clock", "input_schema": {"type": "object", "properties": {}}},
]

every_vendor = pytest.mark.parametrize("vendor", list(SCRIPTS))


@pytest.fixture(scope="module")
def client(proxy: Server) -> Iterator[Anthropic]:
    with Anthropic(base_url=proxy.url, api_key="fake-key", max_retries=0) as sdk:
        yield sdk


def _ask(client: Anthropic, vendor: str, **fields: Any) -> Message:
    asked: dict[str, Any] = {
        "model": model_at(vendor),
        "max_tokens": 500,
        "messages": [{"role": "user", "content": "hi"}],
        **fields,
    }
    message: Message = client.messages.create(**asked)
    return message


def _streamed(client: Anthropic, vendor: str, **fields: Any) -> Message:
    asked: dict[str, Any] = {
        "model": model_at(vendor),
        "max_tokens": 500,
        "messages": [{"role": "user", "content": "hi"}],
        **fields,
    }
    with client.messages.stream(**asked) as stream:
        return stream.get_final_message()


both_ways = pytest.mark.parametrize("ask", [_ask, _streamed], ids=["whole", "streamed"])


@every_vendor
@both_ways
def test_text(client: Anthropic, vendors: FourVendors, vendor: str, ask: Any) -> None:
    message = ask(client, vendor, system="Be kind.")

    assert [block.text for block in message.content] == ["Hello you"]
    assert (message.role, message.stop_reason) == ("assistant", "end_turn")
    usage = message.usage
    written = 0 if vendor == "gemini" else 20  # Gemini tells of no writing to its cache
    assert (usage.input_tokens, usage.output_tokens) == (30 - written, 30)
    assert usage.cache_read_input_tokens == 100
    assert usage.cache_creation_input_tokens == written
    check_upstream(vendor, vendors.received(vendor))


class Weather(BaseModel):
    city: str


@every_vendor
def test_structured(client: Anthropic, vendors: FourVendors, vendor: str) -> None:
    vendors.reset("JSON")
    answer = client.messages.parse(
        model=model_at(vendor),
        max_tokens=500,
        messages=[{"role": "user", "content": "hi"}],
        output_format=Weather,
    )
    assert answer.parsed_output == Weather(city="Rome")
    received = vendors.received(vendor)
    check_upstream(vendor, received)
    assert b'"city"' in received.body


@every_vendor
@both_ways
def test_everything_in_one_answer_and_the_turn_after_it(
    client: Anthropic, vendors: FourVendors, vendor: str, ask: Any
) -> None:
    vendors.reset("WORK")
    thinking: Any = {"type": "adaptive", "display": "summarized"}
    first = ask(client, vendor, tools=TOOLS, thinking=thinking, output_config={"effort": "high"})

    kinds = [block.type for block in first.content if block.type != "thinking"]
    assert kinds == ["text", "tool_use", "tool_use"]
    thought = "".join(block.thinking for block in first.content if block.type == "thinking")
    assert thought == "plan"
    calls = [block for block in first.content if block.type == "tool_use"]
    assert [(call.name, call.input) for call in calls] == [
        ("weather", {"city": "Rome"}),
        ("clock", {}),
    ]
    assert first.stop_reason == "tool_use"
    check_upstream(vendor, vendors.received(vendor))

    results: Any = [
        {"type": "tool_result", "tool_use_id": call.id, "content": f"{call.name} done"}
        for call in calls
    ]
    vendors.reset("TALK")
    second = ask(
        client,
        vendor,
        tools=TOOLS,
        thinking=thinking,
        messages=[
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": [block.model_dump() for block in first.content]},
            {"role": "user", "content": [*results, {"type": "text", "text": "go on"}]},
        ],
    )
    assert second.content[0].text == "Hello you"
    received = vendors.received(vendor)
    check_upstream(vendor, received)
    _state_came_back(vendor, received.body.decode())


def _state_came_back(vendor: str, body: str) -> None:
    """What only the vendor understands is there again, unaltered, and no tag of ours."""
    own = {
        "openai_responses": "fake-encrypted",
        "anthropic_messages": "fake-signature",
        "gemini": "ZmFrZS1zaWduYXR1cmU=",
    }
    assert own.get(vendor, "") in body
    assert "px1." not in body


@pytest.mark.usefixtures("vendors")
@every_vendor
def test_tokens_are_counted(client: Anthropic, vendor: str) -> None:
    counted = client.messages.count_tokens(
        model=model_at(vendor), messages=[{"role": "user", "content": "hi"}]
    )

    assert counted.input_tokens == 42 or vendor == "openai_chat"  # which cannot count
    assert counted.input_tokens > 0


@every_vendor
def test_a_vendors_refusal_is_the_sdks_own_error(
    client: Anthropic, vendors: FourVendors, vendor: str
) -> None:
    error = {"error": {"type": "overloaded_error", "message": "Too busy", "code": 529}}
    vendors.reset(instead=whole(error, 529, retry_after="7"))
    with pytest.raises(anthropic.InternalServerError) as caught:
        _ask(client, vendor)

    assert caught.value.status_code == 529
    assert caught.value.response.headers["retry-after"] == "7"
    body: Any = caught.value.body
    assert body["error"]["type"] == "overloaded_error"
    assert body["request_id"] == caught.value.response.headers["request-id"]


@pytest.mark.usefixtures("vendors")
def test_models(client: Anthropic) -> None:
    listed = [model.id for model in client.models.list()]
    assert "anthropic_messages:m1" in listed
    assert client.models.retrieve("gemini:m1").type == "model"


def test_a_wrong_key(proxy: Server) -> None:
    with (
        Anthropic(base_url=proxy.url, api_key="wrong", max_retries=0) as stranger,
        pytest.raises(anthropic.AuthenticationError) as caught,
    ):
        _ask(stranger, "gemini")
    body: Any = caught.value.body
    assert body["error"]["type"] == "authentication_error"
