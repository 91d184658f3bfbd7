"""Requests, whole responses and streams as they stand on the wire, and short ways to read them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, get_args

from openai._streaming import SSEDecoder
from openai._types import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent

from llm_proxy.pipeline.dialects.openai_responses.read_request import read_request
from llm_proxy.pipeline.dialects.openai_responses.read_stream import EventReader
from llm_proxy.pipeline.dialects.openai_responses.write_stream import EventWriter
from llm_proxy.pipeline.events import Event
from llm_proxy.pipeline.request import ChatRequest

FIELDS: dict[str, Any] = {"model": "m", "input": "hi"}

ITEMS: list[dict[str, Any]] = [
    {"role": "user", "content": "hi", "x_mine": 1},
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "abc"},
    {
        "type": "message",
        "role": "assistant",
        "id": "msg_1",
        "content": [{"type": "output_text", "text": "Hello", "annotations": [], "x_more": 2}],
    },
    {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c1", "output": "18C", "x_more": 3},
    {"type": "web_search_call", "id": "ws_1", "status": "completed"},
]

FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}
CUSTOM = {
    "type": "custom",
    "name": "patch",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"},
}
GROUP = {
    "type": "namespace",
    "name": "ns",
    "description": "d",
    "tools": [{"type": "function", "name": "inner", "parameters": {"type": "object"}, "x_more": 1}],
}
SEARCH = {"type": "web_search", "x_more": True}


def request(**fields: Any) -> ChatRequest:
    return read_request(json.dumps({**FIELDS, **fields}).encode())


USAGE = {
    "input_tokens": 130,
    "input_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 20},
    "output_tokens": 30,
    "output_tokens_details": {"reasoning_tokens": 12},
    "total_tokens": 160,
}

OUTPUT: list[dict[str, Any]] = [
    {
        "type": "reasoning",
        "id": "rs_2",
        "encrypted_content": "gAAA",
        "summary": [
            {"type": "summary_text", "text": "plan"},
            {"type": "summary_text", "text": "more"},
        ],
    },
    {
        "type": "message",
        "id": "msg_2",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Hi you", "annotations": []}],
    },
    {
        "type": "function_call",
        "id": "fc_2",
        "call_id": "call_2",
        "name": "w",
        "arguments": '{"c":2}',
        "status": "completed",
    },
]


def response(output: Sequence[Any] = OUTPUT, status: str = "completed", **more: Any) -> Any:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 5,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": "m",
        "output": list(output),
        "tools": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "usage": USAGE,
        "x_vendor": {"a": 1},
        **more,
    }


def frame(kind: str, number: int | None, **fields: Any) -> bytes:
    numbered = {} if number is None else {"sequence_number": number}
    data = json.dumps({"type": kind, **fields, **numbered})
    return f"event: {kind}\ndata: {data}\n\n".encode()


def steps(output: Sequence[Any] = OUTPUT, piece: int = 3) -> list[tuple[str, dict[str, Any]]]:
    """The events that stream these items."""
    begun = response([], "in_progress", usage=None)
    events: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": begun}),
        ("response.in_progress", {"response": begun}),
    ]
    for index, item in enumerate(output):
        place = {"output_index": index}
        later = ("content", "summary", "arguments", "input", "encrypted_content")
        bare = {name: value for name, value in item.items() if name not in later}
        empty = _EMPTY.get(item["type"], {})
        events.append(("response.output_item.added", {**place, "item": {**bare, **empty}}))
        events += _inside({**place, "item_id": item.get("id")}, item, piece)
        events.append(("response.output_item.done", {**place, "item": item}))
    return [*events, ("response.completed", {"response": response(output)})]


_EMPTY: dict[str, dict[str, Any]] = {
    "message": {"content": [], "status": "in_progress"},
    "reasoning": {"summary": []},
    "function_call": {"arguments": "", "status": "in_progress"},
}


def _inside(place: dict[str, Any], item: Any, piece: int) -> Iterable[tuple[str, dict[str, Any]]]:
    for number, part in enumerate(item.get("summary", [])):
        here = {**place, "summary_index": number}
        empty = {"type": "summary_text", "text": ""}
        yield "response.reasoning_summary_part.added", {**here, "part": empty}
        for text in _pieces(part["text"], piece):
            yield "response.reasoning_summary_text.delta", {**here, "delta": text}
        yield "response.reasoning_summary_text.done", {**here, "text": part["text"]}
        yield "response.reasoning_summary_part.done", {**here, "part": part}
    for number, part in enumerate(item.get("content", [])):
        here = {**place, "content_index": number}
        empty = {**part, "text": ""}
        yield "response.content_part.added", {**here, "part": empty}
        for text in _pieces(part["text"], piece):
            yield "response.output_text.delta", {**here, "delta": text, "logprobs": []}
        yield "response.output_text.done", {**here, "text": part["text"], "logprobs": []}
        yield "response.content_part.done", {**here, "part": part}
    if "arguments" in item:
        for text in _pieces(item["arguments"], piece):
            yield "response.function_call_arguments.delta", {**place, "delta": text}
        yield "response.function_call_arguments.done", {**place, "arguments": item["arguments"]}


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def frames(output: Sequence[Any] = OUTPUT, *, numbered: bool = True) -> list[bytes]:
    return [
        frame(kind, number if numbered else None, **fields)
        for number, (kind, fields) in enumerate(steps(output))
    ]


STREAM = b"".join(frames())


def read(pieces: Iterable[bytes], maker: str = "v") -> list[Event]:
    reader = EventReader(maker)
    events = [event for piece in pieces for event in reader.feed(piece)]
    return [*events, *reader.close()]


def bare(events: Iterable[Event]) -> list[Event]:
    return [replace(event, frame=None) for event in events]


def written(events: Sequence[Event], asked: ChatRequest | None = None) -> bytes:
    writer = EventWriter(asked or request(stream=True))
    return b"".join(writer.write([event]) for event in events)


def sent(stream: bytes) -> list[dict[str, Any]]:
    """The events of a stream as the SDK cuts it."""
    events = list(SSEDecoder().iter_bytes(iter([stream])))
    fields = [json.loads(event.data) for event in events]
    assert [event.event for event in events] == [one["type"] for one in fields]
    return fields


_KINDS = {
    kind.model_fields["type"].annotation.__args__[0]: kind
    for kind in get_args(get_args(ResponseStreamEvent)[0])
}


def legal(stream: bytes) -> Response:
    """The final response, after all that the SDK and other clients rely on has been checked."""
    events = sent(stream)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    state: ResponseStreamState[Any] = ResponseStreamState(input_tools=[], text_format=omit)
    done = []
    for event in events:
        state.handle_event(_KINDS[event["type"]].model_validate(event))
        if event["type"] == "response.output_item.done":
            done.append(event)
    last = events[-1]
    assert last["type"] in ("response.completed", "response.incomplete")
    in_order = [event["item"] for event in sorted(done, key=lambda one: one["output_index"])]
    assert last["response"]["output"] == in_order
    assert [event["output_index"] for event in done] == sorted({*range(len(done))}) or done
    assert last["response"]["id"] == events[0]["response"]["id"]
    _check_parts(events)
    return Response.model_validate(last["response"])


def _check_parts(events: list[dict[str, Any]]) -> None:
    """What comes in pieces is what is told when it is done."""
    pieces: dict[tuple[Any, ...], str] = {}
    for event in events:
        kind = event["type"]
        place = (
            kind.rpartition(".")[0],
            event.get("item_id"),
            event.get("content_index", event.get("summary_index")),
        )
        if kind.endswith(".delta"):
            pieces[place] = pieces.get(place, "") + event["delta"]
        elif kind.endswith(
            (".output_text.done", "_text.done", ".refusal.done", "arguments.done", "input.done")
        ):
            told = next(event[n] for n in ("text", "refusal", "arguments", "input") if n in event)
            assert told == pieces.get(place, "")
