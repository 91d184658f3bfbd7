"""The answers as OpenAI's Chat Completions gives them."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.scripted.script import JSON_TEXT, Script, data

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
