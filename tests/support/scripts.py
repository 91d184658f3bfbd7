"""The same answers as each of the four vendors would give them, written by hand.

Every script is a whole body and the frames of a stream. `TALK` is plain text, and `JSON` such
that is JSON; `WORK` has all of it: something thought, a text, and two tool calls in one answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tests.support.vendor import Connection, Play, streamed, whole


@dataclass(frozen=True, slots=True)
class Script:
    """One answer, whole and streamed."""

    whole: Mapping[str, Any]
    frames: Sequence[bytes]


def data(value: Any) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


JSON_TEXT = '{"city": "Rome"}'


def named(value: Mapping[str, Any]) -> bytes:
    return b"event: " + str(value["type"]).encode() + b"\n" + data(value)


# --- Chat Completions ----------------------------------------------------------------------------

_CHAT_USAGE = {
    "prompt_tokens": 130,
    "completion_tokens": 30,
    "total_tokens": 160,
    "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 20},
    "completion_tokens_details": {"reasoning_tokens": 12},
}


def _chat(message: Mapping[str, Any], finish: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "logprobs": None,
                "message": {"role": "assistant", "refusal": None, **message},
            }
        ],
        "usage": _CHAT_USAGE,
    }


def _chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return data({**_CHUNK, "choices": [choice]})


_CHUNK = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
_CHAT_END = (data({**_CHUNK, "choices": [], "usage": _CHAT_USAGE}), b"data: [DONE]\n\n")


def _chat_call(index: int, id_: str, name: str, pieces: Sequence[str]) -> list[bytes]:
    function = {"name": name, "arguments": ""}
    call = {"index": index, "id": id_, "type": "function", "function": function}
    deltas = [{"index": index, "function": {"arguments": piece}} for piece in pieces]
    return [_chunk({"tool_calls": [one]}) for one in (call, *deltas)]


CHAT = {
    "JSON": Script(
        _chat({"content": JSON_TEXT}, "stop"),
        [_chunk({"role": "assistant", "content": JSON_TEXT}), _chunk({}, "stop"), *_CHAT_END],
    ),
    "TALK": Script(
        _chat({"content": "Hello you"}, "stop"),
        [
            _chunk({"role": "assistant", "content": ""}),
            _chunk({"content": "Hello"}),
            _chunk({"content": " you"}),
            _chunk({}, "stop"),
            *_CHAT_END,
        ],
    ),
    "WORK": Script(
        _chat(
            {
                "content": "Hi",
                "reasoning_content": "plan",
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city":"Rome"}'},
                    },
                    {
                        "id": "call_2",
                        "type": "function",
                        "function": {"name": "clock", "arguments": "{}"},
                    },
                ],
            },
            "tool_calls",
        ),
        [
            b": waiting\n\n",
            _chunk({"role": "assistant", "content": ""}),
            _chunk({"reasoning_content": "pl"}),
            _chunk({"reasoning_content": "an"}),
            _chunk({"content": "Hi"}),
            *_chat_call(0, "call_1", "weather", ['{"city"', ':"Rome"}']),
            *_chat_call(1, "call_2", "clock", ["{}"]),
            _chunk({}, "tool_calls"),
            *_CHAT_END,
        ],
    ),
}

# --- Responses -----------------------------------------------------------------------------------

_RESPONSES_USAGE = {
    "input_tokens": 130,
    "input_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 20},
    "output_tokens": 30,
    "output_tokens_details": {"reasoning_tokens": 12},
    "total_tokens": 160,
}
_REASONING_ITEM = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "plan"}],
    "encrypted_content": "fake-encrypted",
}


def _message(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def _call_item(number: int, name: str, arguments: str) -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": f"fc_{number}",
        "call_id": f"call_{number}",
        "name": name,
        "arguments": arguments,
        "status": "completed",
    }


def _response(output: Sequence[Any], status: str = "completed") -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": _RESPONSES_USAGE if status == "completed" else None,
    }


def _responses_frames(output: Sequence[Mapping[str, Any]]) -> list[bytes]:
    opened = _response([], "in_progress")
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": opened},
        {"type": "response.in_progress", "response": opened},
    ]
    for index, item in enumerate(output):
        events += _item_events(index, dict(item))
    events.append({"type": "response.completed", "response": _response(output)})
    return [named({**event, "sequence_number": n}) for n, event in enumerate(events)]


def _item_events(index: int, item: dict[str, Any]) -> list[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index}
    match item["type"]:
        case "reasoning":
            empty = {"type": "reasoning", "id": item["id"], "summary": []}
            part, spot = item["summary"][0], {**at, "summary_index": 0}
            name = "response.reasoning_summary_"
            inner = [
                {"type": f"{name}part.added", **spot, "part": {**part, "text": ""}},
                {"type": f"{name}text.delta", **spot, "delta": "pl"},
                {"type": f"{name}text.delta", **spot, "delta": "an"},
                {"type": f"{name}text.done", **spot, "text": part["text"]},
                {"type": f"{name}part.done", **spot, "part": part},
            ]
        case "message":
            empty = {**item, "status": "in_progress", "content": []}
            part, spot = item["content"][0], {**at, "content_index": 0}
            words = part["text"].split(" ")
            pieces = [words[0], *(f" {word}" for word in words[1:])]
            text = "response.output_text"
            inner = [
                {"type": "response.content_part.added", **spot, "part": {**part, "text": ""}},
                *(
                    {"type": f"{text}.delta", **spot, "delta": piece, "logprobs": []}
                    for piece in pieces
                ),
                {"type": f"{text}.done", **spot, "text": part["text"], "logprobs": []},
                {"type": "response.content_part.done", **spot, "part": part},
            ]
        case _:
            empty = {**item, "arguments": "", "status": "in_progress"}
            whole_text, name = item["arguments"], "response.function_call_arguments"
            half = len(whole_text) // 2
            inner = [
                {"type": f"{name}.delta", **at, "delta": whole_text[:half]},
                {"type": f"{name}.delta", **at, "delta": whole_text[half:]},
                {"type": f"{name}.done", **at, "arguments": whole_text, "name": item["name"]},
            ]
    return [
        {"type": "response.output_item.added", "output_index": index, "item": empty},
        *inner,
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


_WORK_OUTPUT = [
    _REASONING_ITEM,
    _message("Hi"),
    _call_item(1, "weather", '{"city":"Rome"}'),
    _call_item(2, "clock", "{}"),
]

RESPONSES = {
    "JSON": Script(_response([_message(JSON_TEXT)]), _responses_frames([_message(JSON_TEXT)])),
    "TALK": Script(_response([_message("Hello you")]), _responses_frames([_message("Hello you")])),
    "WORK": Script(_response(_WORK_OUTPUT), _responses_frames(_WORK_OUTPUT)),
}

# --- Messages ------------------------------------------------------------------------------------

_MESSAGES_USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 20,
    "cache_read_input_tokens": 100,
    "output_tokens": 30,
    "output_tokens_details": {"thinking_tokens": 12},
}
THINKING_BLOCK = {"type": "thinking", "thinking": "plan", "signature": "fake-signature"}


def _anthropic(content: Sequence[Any], stop: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": _MESSAGES_USAGE,
    }


def _block(index: int, start: Mapping[str, Any], *deltas: Mapping[str, Any]) -> list[bytes]:
    at = {"index": index}
    return [
        named({"type": "content_block_start", **at, "content_block": start}),
        *(named({"type": "content_block_delta", **at, "delta": delta}) for delta in deltas),
        named({"type": "content_block_stop", **at}),
    ]


def _anthropic_frames(blocks: Sequence[bytes], stop: str) -> list[bytes]:
    opened = {
        **_anthropic([], ""),
        "stop_reason": None,
        "usage": {**_MESSAGES_USAGE, "output_tokens": 1},
    }
    delta = {"stop_reason": stop, "stop_sequence": None}
    return [
        named({"type": "message_start", "message": opened}),
        named({"type": "ping"}),
        *blocks,
        named({"type": "message_delta", "delta": delta, "usage": _MESSAGES_USAGE}),
        named({"type": "message_stop"}),
    ]


def _tool_use(number: int, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"call_{number}", "name": name, "input": given}


def _text_deltas(*pieces: str) -> list[dict[str, str]]:
    return [{"type": "text_delta", "text": piece} for piece in pieces]


MESSAGES = {
    "JSON": Script(
        _anthropic([{"type": "text", "text": JSON_TEXT}], "end_turn"),
        _anthropic_frames(
            _block(0, {"type": "text", "text": ""}, *_text_deltas(JSON_TEXT)), "end_turn"
        ),
    ),
    "TALK": Script(
        _anthropic([{"type": "text", "text": "Hello you"}], "end_turn"),
        _anthropic_frames(
            _block(0, {"type": "text", "text": ""}, *_text_deltas("Hello", " you")), "end_turn"
        ),
    ),
    "WORK": Script(
        _anthropic(
            [
                THINKING_BLOCK,
                {"type": "text", "text": "Hi"},
                _tool_use(1, "weather", {"city": "Rome"}),
                _tool_use(2, "clock", {}),
            ],
            "tool_use",
        ),
        _anthropic_frames(
            [
                *_block(
                    0,
                    {"type": "thinking", "thinking": "", "signature": ""},
                    {"type": "thinking_delta", "thinking": "pl"},
                    {"type": "thinking_delta", "thinking": "an"},
                    {"type": "signature_delta", "signature": "fake-signature"},
                ),
                *_block(1, {"type": "text", "text": ""}, *_text_deltas("Hi")),
                *_block(
                    2,
                    _tool_use(1, "weather", {}),
                    {"type": "input_json_delta", "partial_json": ""},
                    {"type": "input_json_delta", "partial_json": '{"city"'},
                    {"type": "input_json_delta", "partial_json": ':"Rome"}'},
                ),
                *_block(3, _tool_use(2, "clock", {})),
            ],
            "tool_use",
        ),
    ),
}

# --- Gemini --------------------------------------------------------------------------------------

_GEMINI_USAGE = {
    "promptTokenCount": 130,
    "cachedContentTokenCount": 100,
    "candidatesTokenCount": 18,
    "thoughtsTokenCount": 12,
    "totalTokenCount": 160,
}
SIGNATURE = "ZmFrZS1zaWduYXR1cmU="


def _gemini(parts: Sequence[Any], finish: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
    if finish:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": _GEMINI_USAGE,
        "modelVersion": "m",
        "responseId": "r1",
    }


_THOUGHT = {"text": "plan", "thought": True}
_CALLS = [
    {"functionCall": {"name": "weather", "args": {"city": "Rome"}}, "thoughtSignature": SIGNATURE},
    {"functionCall": {"name": "clock", "args": {}}},
]

GEMINI = {
    "JSON": Script(
        _gemini([{"text": JSON_TEXT}], "STOP"), [data(_gemini([{"text": JSON_TEXT}], "STOP"))]
    ),
    "TALK": Script(
        _gemini([{"text": "Hello you"}], "STOP"),
        [data(_gemini([{"text": "Hello"}], None)), data(_gemini([{"text": " you"}], "STOP"))],
    ),
    "WORK": Script(
        _gemini([_THOUGHT, {"text": "Hi"}, *_CALLS], "STOP"),
        [
            data(_gemini([{"text": "pl", "thought": True}], None)),
            data(_gemini([{"text": "an", "thought": True}], None)),
            data(_gemini([{"text": "Hi"}], None)),
            data(_gemini([_CALLS[0]], None)),
            data(_gemini([_CALLS[1]], "STOP")),
        ],
    ),
}

SCRIPTS: dict[str, dict[str, Script]] = {
    "openai_chat": CHAT,
    "openai_responses": RESPONSES,
    "anthropic_messages": MESSAGES,
    "gemini": GEMINI,
}
"""Dialect → the scripts by their names."""


def plays(dialect: str, name: str, *, frames: Sequence[bytes] | None = None) -> Play:
    """A vendor that gives this answer, whole or streamed as it is asked; counts are always 42."""
    script = SCRIPTS[dialect][name]

    async def play(at: Connection) -> None:
        received = at.received
        path = received.path.partition("?")[0]
        if path.endswith(("/count_tokens", "/input_tokens", ":countTokens")):
            await whole({"input_tokens": 42, "totalTokens": 42})(at)
        elif ":streamGenerateContent" in path or received.json.get("stream"):
            await streamed(frames or script.frames)(at)
        else:
            await whole(dict(script.whole))(at)

    return play
