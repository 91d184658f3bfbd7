"""Google's own SDK as the client, before a vendor of every dialect."""

from collections.abc import Iterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from tests.support.four_vendors import FourVendors, model_at
from tests.support.oracle import check_upstream
from tests.support.process import Server
from tests.support.scripts import SCRIPTS
from tests.support.vendor import whole

TOOLS = [
    types.Tool(
        function_declarations=[
            types.FunctionDeclaration(
                name="weather",
                description="Tells the weather.",
                parameters=types.Schema(
                    type=types.Type.OBJECT,
                    properties={"city": types.Schema(type=types.Type.STRING)},
                    required=["city"],
                ),
            ),
            types.FunctionDeclaration(name="clock"),
        ]
    )
]
OWN_STATE = {
    "openai_responses": "fake-encrypted",
    "anthropic_messages": "fake-signature",
    "gemini": "ZmFrZS1zaWduYXR1cmU=",
}

every_vendor = pytest.mark.parametrize("vendor", list(SCRIPTS))


@pytest.fixture(scope="module")
def client(proxy: Server) -> Iterator[genai.Client]:
    options = types.HttpOptions(base_url=proxy.url)
    with genai.Client(api_key="fake-key", http_options=options) as sdk:
        yield sdk


def _ask(client: genai.Client, vendor: str, contents: Any = "hi", **config: Any) -> Any:
    return client.models.generate_content(
        model=model_at(vendor), contents=contents, config=types.GenerateContentConfig(**config)
    )


def _streamed(client: genai.Client, vendor: str, contents: Any = "hi", **config: Any) -> Any:
    """The chunks put together as the SDK's own chat does it."""
    chunks = list(
        client.models.generate_content_stream(
            model=model_at(vendor), contents=contents, config=types.GenerateContentConfig(**config)
        )
    )
    parts = [
        part
        for chunk in chunks
        for candidate in chunk.candidates or []
        for part in (candidate.content.parts if candidate.content else None) or []
    ]
    last = chunks[-1]
    last.candidates[0].content = types.Content(role="model", parts=parts)
    return last


both_ways = pytest.mark.parametrize("ask", [_ask, _streamed], ids=["whole", "streamed"])


@every_vendor
@both_ways
def test_text(client: genai.Client, vendors: FourVendors, vendor: str, ask: Any) -> None:
    answer = ask(client, vendor, system_instruction="Be kind.", max_output_tokens=100)

    assert answer.text == "Hello you"
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    usage = answer.usage_metadata
    assert (usage.prompt_token_count, usage.total_token_count) == (130, 160)
    assert (usage.candidates_token_count, usage.thoughts_token_count) == (18, 12)
    assert usage.cached_content_token_count == 100
    check_upstream(vendor, vendors.received(vendor))


@every_vendor
@both_ways
def test_everything_in_one_answer_and_the_turn_after_it(
    client: genai.Client, vendors: FourVendors, vendor: str, ask: Any
) -> None:
    vendors.reset("WORK")
    asked: Any = {
        "tools": TOOLS,
        "thinking_config": types.ThinkingConfig(
            include_thoughts=True, thinking_level=types.ThinkingLevel.HIGH
        ),
        "automatic_function_calling": types.AutomaticFunctionCallingConfig(disable=True),
    }
    first = ask(client, vendor, **asked)

    content = first.candidates[0].content
    assert "".join(p.text for p in content.parts if p.text and p.thought) == "plan"
    assert "".join(p.text for p in content.parts if p.text and not p.thought) == "Hi"
    calls = [part.function_call for part in content.parts if part.function_call]
    assert [(call.name, call.args) for call in calls] == [
        ("weather", {"city": "Rome"}),
        ("clock", {}),
    ]
    check_upstream(vendor, vendors.received(vendor))

    results = [
        types.Part(
            function_response=types.FunctionResponse(
                id=call.id, name=call.name, response={"output": f"{call.name} done"}
            )
        )
        for call in calls
    ]
    vendors.reset("TALK")
    second = ask(
        client,
        vendor,
        [
            types.Content(role="user", parts=[types.Part(text="hi")]),
            content,
            types.Content(role="user", parts=results),
        ],
        **asked,
    )
    assert second.text == "Hello you"
    received = vendors.received(vendor)
    check_upstream(vendor, received)
    assert OWN_STATE.get(vendor, "") in received.body.decode()
    assert "px1." not in received.body.decode()


class Weather(BaseModel):
    city: str


@every_vendor
@both_ways
def test_structured(client: genai.Client, vendors: FourVendors, vendor: str, ask: Any) -> None:
    vendors.reset("JSON")
    answer = ask(client, vendor, response_mime_type="application/json", response_schema=Weather)
    assert Weather.model_validate_json(answer.text) == Weather(city="Rome")
    received = vendors.received(vendor)
    check_upstream(vendor, received)
    assert b'"city"' in received.body


@every_vendor
def test_functions_that_the_sdk_calls_by_itself(
    client: genai.Client, vendors: FourVendors, vendor: str
) -> None:
    called: list[str] = []

    def weather(city: str) -> str:
        """Tells the weather."""
        called.append(city)
        return "sunny"

    def clock() -> str:
        """Tells the time."""
        called.append("clock")
        return "noon"

    vendors.reset("WORK")
    config: Any = {"tools": [weather, clock]}
    config["automatic_function_calling"] = types.AutomaticFunctionCallingConfig(
        maximum_remote_calls=2
    )
    _ask(client, vendor, **config)
    assert called[:2] == ["Rome", "clock"]
    assert len(vendors.all_received(vendor)) >= 2
    for received in vendors.all_received(vendor):
        check_upstream(vendor, received)


@pytest.mark.usefixtures("vendors")
@every_vendor
def test_tokens_are_counted(client: genai.Client, vendor: str) -> None:
    counted = client.models.count_tokens(model=model_at(vendor), contents="hi").total_tokens
    assert counted == 42 or vendor == "openai_chat"
    assert counted


@every_vendor
def test_a_vendors_refusal_is_the_sdks_own_error(
    client: genai.Client, vendors: FourVendors, vendor: str
) -> None:
    error = {"error": {"type": "rate_limit_error", "message": "Slow down", "code": 429}}
    vendors.reset(instead=whole(error, 429, retry_after="7"))
    with pytest.raises(errors.ClientError) as caught:
        _ask(client, vendor)

    assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")
    details: Any = caught.value.details
    assert "7s" in str(details)


@pytest.mark.usefixtures("vendors")
def test_models(client: genai.Client) -> None:
    assert "models/gemini:m1" in [model.name for model in client.models.list()]
    assert client.models.get(model="openai_chat:m1").name == "models/openai_chat:m1"
