"""The answers as Anthropic's Messages gives them."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.scripted.script import JSON_TEXT, Script, named

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
