"""The answers as OpenAI's Responses gives them."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.scripted.script import JSON_TEXT, Script, named

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
