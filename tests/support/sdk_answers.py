"""Answers as the vendors' own SDKs read them: types, stream decoders and accumulators."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import anthropic
import httpx2
import openai
from google import genai
from google.genai import types

from tests.support.one_vendor import asked

_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Google's SDK would read all certificates three times for each client."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a program that uses the SDK gets to see."""

    text: str
    reasoning: str
    calls: Sequence[tuple[str, Any]]
    finish: str
    tokens: tuple[int, int]


def told(dialect: str, raw: bytes, *, stream: bool = False) -> Told:
    """The answer in `raw`; raises what the SDK raises."""
    kind = "text/event-stream; charset=utf-8" if stream else "application/json"

    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": kind}, content=raw)

    transport = httpx2.MockTransport(answer)
    match dialect:
        case "openai_chat":
            return _chat(transport, stream=stream)
        case "openai_responses":
            return _responses(transport, stream=stream)
        case "anthropic_messages":
            return _anthropic(transport, stream=stream)
        case _:
            return _gemini(transport, stream=stream)


def _chat(transport: httpx2.MockTransport, *, stream: bool) -> Told:
    asking: Any = asked("openai_chat")
    http = httpx2.Client(transport=transport)
    with openai.OpenAI(api_key="fake", http_client=http, _strict_response_validation=True) as sdk:
        if stream:
            with sdk.chat.completions.stream(**asking) as events:
                for _ in events:
                    pass
                completion: Any = events.get_final_completion()
        else:
            completion = sdk.chat.completions.create(**asking)
    choice, usage = completion.choices[0], completion.usage
    return Told(
        choice.message.content or "",
        getattr(choice.message, "reasoning_content", None) or "",
        [(c.function.name, c.function.arguments) for c in choice.message.tool_calls or ()],
        choice.finish_reason,
        (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0),
    )


def _responses(transport: httpx2.MockTransport, *, stream: bool) -> Told:
    asking: Any = asked("openai_responses")
    http = httpx2.Client(transport=transport)
    with openai.OpenAI(api_key="fake", http_client=http, _strict_response_validation=True) as sdk:
        if stream:
            with sdk.responses.stream(**asking) as events:
                seen = list(events)
                response: Any = events.get_final_response()
            deltas = [event.delta for event in seen if event.type == "response.output_text.delta"]
            assert "".join(deltas) == response.output_text
            done = [event.item for event in seen if event.type == "response.output_item.done"]
            assert [item.id for item in done] == [item.id for item in response.output]
            numbers = [event.sequence_number for event in seen]
            assert numbers == list(range(len(numbers)))
        else:
            response = sdk.responses.create(**asking)
    thoughts = [item for item in response.output if item.type == "reasoning"]
    calls = [item for item in response.output if item.type == "function_call"]
    return Told(
        response.output_text,
        "".join(part.text for item in thoughts for part in item.summary),
        [(call.name, call.arguments) for call in calls],
        response.status,
        (response.usage.input_tokens, response.usage.output_tokens),
    )


def _anthropic(transport: httpx2.MockTransport, *, stream: bool) -> Told:
    asking: Any = asked("anthropic_messages")
    http = httpx2.Client(transport=transport)
    with anthropic.Anthropic(
        api_key="fake", http_client=http, _strict_response_validation=True
    ) as sdk:
        if stream:
            with sdk.messages.stream(**asking) as events:
                raw = [event.type for event in events]
                message: Any = events.get_final_message()
            assert raw.count("content_block_start") == raw.count("content_block_stop")
            assert raw[-1] == "message_stop"
        else:
            message = sdk.messages.create(**asking)
    blocks = message.content
    return Told(
        "".join(block.text for block in blocks if block.type == "text"),
        "".join(block.thinking for block in blocks if block.type == "thinking"),
        [(block.name, block.input) for block in blocks if block.type == "tool_use"],
        message.stop_reason,
        (message.usage.input_tokens, message.usage.output_tokens),
    )


def _gemini(transport: httpx2.MockTransport, *, stream: bool) -> Told:
    options = types.HttpOptions(
        client_args={"transport": transport, "verify": _NO_TLS},
        async_client_args={"verify": _NO_TLS, "ssl": _NO_TLS},
    )
    with genai.Client(api_key="fake", http_options=options) as sdk:
        asking: Any = {"model": "m", "contents": "hi"}
        if stream:
            chunks = list(sdk.models.generate_content_stream(**asking))
        else:
            chunks = [sdk.models.generate_content(**asking)]
    parts = [
        part
        for chunk in chunks
        for candidate in chunk.candidates or ()
        for part in (candidate.content and candidate.content.parts) or ()
    ]
    finishes = [c.finish_reason for chunk in chunks for c in chunk.candidates or ()]
    assert [finish for finish in finishes if finish] == finishes[-1:]
    usage = chunks[-1].usage_metadata
    return Told(
        "".join(part.text or "" for part in parts if not part.thought),
        "".join(part.text or "" for part in parts if part.thought),
        [(p.function_call.name or "", p.function_call.args) for p in parts if p.function_call],
        finishes[-1].value if finishes[-1] else "",
        ((usage.prompt_token_count or 0), (usage.candidates_token_count or 0)) if usage else (0, 0),
    )


STOPPED = {
    "openai_chat": "stop",
    "openai_responses": "completed",
    "anthropic_messages": "end_turn",
    "gemini": "STOP",
}
"""How each dialect says that an answer is whole."""
