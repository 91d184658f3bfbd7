"""One answer for the official SDKs of every dialect, whole and streamed, whoever asked first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import pytest
from google.genai import types

from tests.support.every_way import both_ways, every_client
from tests.support.four_vendors import FourVendors
from tests.support.process import Server
from tests.support.sdk_talks import Sdks
from tests.support.vendor import Connection, completion, delta, streamed, usage_frame, whole

# Google's SDK inherits from what aiohttp would rather have alone.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")

MODEL = "openai_chat:m"
LIMIT = 500
SCHEMA = {"type": "object", "properties": {"at": {"type": "string"}}}

Answer = tuple[str, Sequence[tuple[str, Mapping[str, Any]]]]
"""The text and the calls: name and arguments."""

ANSWER: Answer = ("Let me see.", [("look", {"at": "it"})])

CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "look", "arguments": '{"at":"it"}'},
}
WHOLE = completion()
WHOLE["choices"][0] |= {
    "finish_reason": "tool_calls",
    "message": {"role": "assistant", "content": "Let me see.", "tool_calls": [CALL]},
}
FRAMES = [
    delta(role="assistant", content="Let me"),
    delta(content=" see."),
    delta(tool_calls=[{"index": 0, **CALL}]),
    delta(finish_reason="tool_calls"),
    usage_frame(),
    b"data: [DONE]\n\n",
]


async def looks(at: Connection) -> None:
    await (streamed(FRAMES) if at.received.json.get("stream") else whole(WHOLE))(at)


def chat(sdks: Sdks, system: str, *, stream: bool, model: str = MODEL) -> Answer:
    asked: Any = {
        "model": model,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": "hi"}],
        "temperature": 0,
        "max_completion_tokens": LIMIT,
        "tools": [{"type": "function", "function": {"name": "look", "parameters": SCHEMA}}],
    }
    if stream:
        with sdks.openai.chat.completions.stream(**asked) as events:
            message: Any = events.get_final_completion().choices[0].message
    else:
        message = sdks.openai.chat.completions.create(**asked).choices[0].message
    called = [call.function for call in message.tool_calls]
    return message.content, [(call.name, orjson.loads(call.arguments)) for call in called]


def responses(sdks: Sdks, system: str, *, stream: bool) -> Answer:
    asked: Any = {
        "model": MODEL,
        "instructions": system,
        "input": "hi",
        "temperature": 0,
        "max_output_tokens": LIMIT,
        "tools": [{"type": "function", "name": "look", "parameters": SCHEMA, "strict": None}],
    }
    if stream:
        with sdks.openai.responses.stream(**asked) as events:
            response: Any = events.get_final_response()
    else:
        response = sdks.openai.responses.create(**asked)
    called = [item for item in response.output if item.type == "function_call"]
    text = response.output_text
    return text, [(call.name, orjson.loads(call.arguments)) for call in called]


def of_messages(system: str, model: str = MODEL) -> Any:
    return {
        "model": model,
        "system": system,
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": LIMIT,
        "tools": [{"name": "look", "input_schema": SCHEMA}],
        "extra_body": {"temperature": 0},  # which the SDK itself knows no more
    }


def messages(sdks: Sdks, system: str, *, stream: bool) -> Answer:
    asked = of_messages(system)
    if stream:
        with sdks.anthropic.messages.stream(**asked) as events:
            message: Any = events.get_final_message()
    else:
        message = sdks.anthropic.messages.create(**asked)
    text = "".join(block.text for block in message.content if block.type == "text")
    called = [block for block in message.content if block.type == "tool_use"]
    return text, [(call.name, call.input) for call in called]


def gemini(sdks: Sdks, system: str, *, stream: bool) -> Answer:
    look = types.FunctionDeclaration(name="look", parameters_json_schema=SCHEMA)
    config = types.GenerateContentConfig(
        system_instruction=system,
        temperature=0,
        max_output_tokens=LIMIT,
        tools=[types.Tool(function_declarations=[look])],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    asked: Any = {"model": MODEL, "contents": "hi", "config": config}
    if stream:
        chunks: list[Any] = list(sdks.google.models.generate_content_stream(**asked))
    else:
        chunks = [sdks.google.models.generate_content(**asked)]
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts]
    text = "".join(part.text or "" for part in parts)
    called = [part.function_call for part in parts if part.function_call]
    return text, [(call.name, call.args) for call in called]


ASK: dict[str, Callable[..., Answer]] = {
    "openai_chat": chat,
    "openai_responses": responses,
    "anthropic_messages": messages,
    "gemini": gemini,
}


@pytest.fixture(scope="module")
def caching(four: FourVendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sdks]:
    path: Path = tmp_path_factory.mktemp("cache") / "pipelines.toml"
    path.write_text(four.config.replace('"failover", ', '"cache", "failover", '), encoding="utf-8")
    with Server(path) as server, Sdks(server.url) as sdks:
        yield sdks


@every_client
@both_ways
def test_one_answer_for_all(
    four: FourVendors,
    caching: Sdks,
    client: str,
    stream: bool,  # noqa: FBT001 - a parameter
) -> None:
    four.reset(instead=looks)
    system = f"First asked by {client}, {stream}."
    assert ANSWER == ASK[client](caching, system, stream=stream)
    for other, streams in product(ASK, (False, True)):
        assert ANSWER == ASK[other](caching, system, stream=streams)
    assert 1 == len(four.all_received("openai_chat"))


@every_client
@both_ways
def test_a_hit_tells_the_tokens_that_were_used(
    four: FourVendors,
    caching: Sdks,
    client: str,
    stream: bool,  # noqa: FBT001 - a parameter
) -> None:
    four.reset(instead=looks)
    system = f"Counted by {client}, {stream}."
    ASK[client](caching, system, stream=stream)
    answer = caching.anthropic.messages.with_raw_response.create(**of_messages(system))
    assert ("hit", "0") == (
        answer.headers["x-llm-proxy-cache"],
        answer.headers["x-llm-proxy-attempts"],
    )
    usage: Any = answer.parse().usage
    assert (3, 2) == (usage.input_tokens, usage.output_tokens)
    assert 1 == len(four.all_received("openai_chat"))


def test_state_that_only_its_maker_understands_stays_in_the_dialect_it_came_to(
    four: FourVendors, caching: Sdks
) -> None:
    four.reset("WORK")
    asked, model = "Think about it.", "anthropic_messages:m"
    first, again = (
        caching.anthropic.messages.create(**of_messages(asked, model)).content for _ in "ab"
    )
    assert first == again
    assert "thinking" == again[0].type
    assert again[0].signature
    assert 1 == len(four.all_received("anthropic_messages"))
    chat(caching, asked, stream=False, model=model)
    assert 2 == len(four.all_received("anthropic_messages"))
