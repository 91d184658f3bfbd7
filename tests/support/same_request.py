"""One request in the words of every dialect, written by hand."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.request import ChatRequest

Json = dict[str, Any]


@dataclass(frozen=True)
class Called:
    """A call of a tool, and what it gave back."""

    name: str
    arguments: Json
    result: str


@dataclass(frozen=True)
class Round:
    """What the user said, with a picture (base64) or without, and what came of it."""

    asked: str
    picture: str | None = None
    calls: Sequence[Called] = ()
    answered: str = "Well."


@dataclass(frozen=True)
class Asked:
    """A request; the last word is the user's. `tools` are names and their JSON Schemas."""

    last: str = "And now?"
    system: str = ""
    rounds: Sequence[Round] = ()
    tools: Sequence[tuple[str, Json]] = ()
    must_call: bool = False
    temperature: float = 0
    max_tokens: int = 100
    stop: Sequence[str] = ()


def body_in(dialect: str, asked: Asked) -> Json:
    """The request's body, to be changed as one likes."""
    return copy.deepcopy(_BODIES[dialect](asked))


def read_in(dialect: str, body: Json, model: str = "m", *, stream: bool = False) -> ChatRequest:
    """The request that this body makes."""
    return DIALECTS[dialect].read_request(orjson.dumps(body), model=model, stream=stream)


def _chat(asked: Asked) -> Json:
    messages: list[Json] = []
    if asked.system:
        messages.append({"role": "system", "content": asked.system})
    for number, one in enumerate(asked.rounds):
        user: Any = one.asked
        if one.picture:
            url = f"data:image/png;base64,{one.picture}"
            user = [{"type": "text", "text": one.asked}]
            user.append({"type": "image_url", "image_url": {"url": url}})
        messages.append({"role": "user", "content": user})
        if one.calls:
            calls = [
                {
                    "id": f"call_{number}_{n}",
                    "type": "function",
                    "function": {
                        "name": call.name,
                        "arguments": orjson.dumps(
                            call.arguments, option=orjson.OPT_INDENT_2
                        ).decode(),
                    },
                }
                for n, call in enumerate(one.calls)
            ]
            messages.append({"role": "assistant", "content": None, "tool_calls": calls})
            messages += [
                {"role": "tool", "tool_call_id": f"call_{number}_{n}", "content": call.result}
                for n, call in enumerate(one.calls)
            ]
        messages.append({"role": "assistant", "content": one.answered})
    messages.append({"role": "user", "content": asked.last})
    body: Json = {
        "model": "m",
        "messages": messages,
        "temperature": asked.temperature,
        "max_completion_tokens": asked.max_tokens,
    }
    if asked.stop:
        body["stop"] = list(asked.stop)
    if asked.tools:
        body["tools"] = [
            {"type": "function", "function": {"name": name, "parameters": schema}}
            for name, schema in asked.tools
        ]
        body["tool_choice"] = "required" if asked.must_call else "auto"
    return body


def _responses(asked: Asked) -> Json:
    items: list[Json] = []
    for number, one in enumerate(asked.rounds):
        user: list[Json] = [{"type": "input_text", "text": one.asked}]
        if one.picture:
            url = f"data:image/png;base64,{one.picture}"
            user.append({"type": "input_image", "image_url": url, "detail": "auto"})
        items.append({"role": "user", "content": user})
        items += [
            {
                "type": "function_call",
                "id": f"fc_{number}_{n}",
                "call_id": f"{number}.{n}",
                "name": call.name,
                "arguments": orjson.dumps(call.arguments).decode(),
                "status": "completed",
            }
            for n, call in enumerate(one.calls)
        ]
        items += [
            {"type": "function_call_output", "call_id": f"{number}.{n}", "output": call.result}
            for n, call in enumerate(one.calls)
        ]
        said = {"type": "output_text", "text": one.answered, "annotations": []}
        items.append(
            {"type": "message", "id": f"msg_{number}", "role": "assistant", "content": [said]}
        )
    items.append({"role": "user", "content": asked.last})
    body: Json = {
        "model": "m",
        "input": items,
        "temperature": asked.temperature,
        "max_output_tokens": asked.max_tokens,
    }
    if asked.system:
        body["instructions"] = asked.system
    if asked.stop:
        body["stop"] = list(asked.stop)  # it has no such field; a server of one's own may
    if asked.tools:
        body["tools"] = [
            {"type": "function", "name": name, "parameters": schema} for name, schema in asked.tools
        ]
        body["tool_choice"] = "required" if asked.must_call else "auto"
    return body


def _messages(asked: Asked) -> Json:
    messages: list[Json] = []
    for number, one in enumerate(asked.rounds):
        user: list[Json] = [{"type": "text", "text": one.asked}]
        if one.picture:
            source = {"type": "base64", "media_type": "image/png", "data": one.picture}
            user.append({"type": "image", "source": source})
        messages.append({"role": "user", "content": user})
        if one.calls:
            uses = [
                {
                    "type": "tool_use",
                    "id": f"toolu_{number}_{n}",
                    "name": call.name,
                    "input": call.arguments,
                }
                for n, call in enumerate(one.calls)
            ]
            results = [
                {
                    "type": "tool_result",
                    "tool_use_id": f"toolu_{number}_{n}",
                    "content": [{"type": "text", "text": call.result}],
                }
                for n, call in enumerate(one.calls)
            ]
            messages.append({"role": "assistant", "content": uses})
            messages.append({"role": "user", "content": results})
        messages.append({"role": "assistant", "content": one.answered})
    marked = {"type": "text", "text": asked.last, "cache_control": {"type": "ephemeral"}}
    messages.append({"role": "user", "content": [marked]})
    body: Json = {
        "model": "m",
        "messages": messages,
        "temperature": float(asked.temperature),
        "max_tokens": asked.max_tokens,
    }
    if asked.system:
        body["system"] = [{"type": "text", "text": asked.system}]
    if asked.stop:
        body["stop_sequences"] = list(asked.stop)
    if asked.tools:
        body["tools"] = [{"name": name, "input_schema": schema} for name, schema in asked.tools]
        body["tool_choice"] = {"type": "any" if asked.must_call else "auto"}
    return body


def _gemini(asked: Asked) -> Json:
    contents: list[Json] = []
    for one in asked.rounds:
        user: list[Json] = [{"text": one.asked}]
        if one.picture:
            user.append({"inlineData": {"mimeType": "image/png", "data": one.picture}})
        contents.append({"role": "user", "parts": user})
        if one.calls:
            calls = [{"functionCall": {"name": c.name, "args": c.arguments}} for c in one.calls]
            results = [
                {"functionResponse": {"name": c.name, "response": {"output": c.result}}}
                for c in one.calls
            ]
            contents.append({"role": "model", "parts": calls})
            contents.append({"role": "user", "parts": results})
        contents.append({"role": "model", "parts": [{"text": one.answered}]})
    contents.append({"role": "user", "parts": [{"text": asked.last}]})
    generation: Json = {"temperature": asked.temperature, "maxOutputTokens": asked.max_tokens}
    if asked.stop:
        generation["stopSequences"] = list(asked.stop)
    body: Json = {"contents": contents, "generationConfig": generation}
    if asked.system:
        body["system_instruction"] = {"parts": [{"text": asked.system}]}
    if asked.tools:
        declared = [{"name": name, "parametersJsonSchema": schema} for name, schema in asked.tools]
        body["tools"] = [{"functionDeclarations": declared}]
        mode = "ANY" if asked.must_call else "AUTO"
        body["toolConfig"] = {"functionCallingConfig": {"mode": mode}}
    return body


_BODIES: dict[str, Callable[[Asked], Json]] = {
    "openai_chat": _chat,
    "openai_responses": _responses,
    "anthropic_messages": _messages,
    "gemini": _gemini,
}
