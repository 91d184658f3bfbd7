"""Events → a chat completion, whole or in chunks."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import orjson

from llm_proxy.pipeline.dialects.openai_chat.errors import error_object
from llm_proxy.pipeline.dialects.openai_chat.formats import CHUNKS, COMPLETION
from llm_proxy.pipeline.dialects.untouched import untouched_frame
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)


def write_completion(events: Sequence[Event]) -> bytes:
    """A whole answer; the vendor's own bytes where it was one and no stage touched it."""
    frame = untouched_frame(events, 0, COMPLETION)
    if frame is not None and frame.size == len(events):
        return frame.raw
    start = _known(next((event for event in events if isinstance(event, Start)), None))
    finish = next((event.reason for event in events if isinstance(event, Finish)), None)
    if finish is None:
        raise UpstreamBroken("the backend's answer has no finish")
    choice = {"index": 0, "message": _message(events), "logprobs": None, "finish_reason": finish}
    completion: dict[str, Any] = {
        "id": start.id,
        "object": "chat.completion",
        "created": start.created,
        "model": start.model,
        "choices": [choice],
    }
    for event in events:
        if isinstance(event, Usage):
            completion["usage"] = _usage(event)
    return orjson.dumps(completion)


def _message(events: Sequence[Event]) -> dict[str, Any]:
    text = [event.text for event in events if isinstance(event, TextDelta)]
    reasoning = [event.text for event in events if isinstance(event, ReasoningDelta)]
    calls: dict[int, dict[str, Any]] = {}
    for event in events:
        if isinstance(event, ToolCallStart):
            function = {"name": event.name, "arguments": ""}
            calls[event.index] = {"id": event.id, "type": "function", "function": function}
        elif isinstance(event, ToolCallDelta):
            calls[event.index]["function"]["arguments"] += event.arguments
    for call in calls.values():
        call["function"]["arguments"] = call["function"]["arguments"] or "{}"
    message: dict[str, Any] = {"role": "assistant", "content": "".join(text) if text else None}
    message["refusal"] = None
    if reasoning:
        message["reasoning_content"] = "".join(reasoning)
    if calls:
        message["tool_calls"] = list(calls.values())
    elif not text:
        message["content"] = ""
    return message


class ChunkWriter:
    """Writes one answer as chunks; `wants_usage` says whether the client asked for the counts."""

    def __init__(self, *, wants_usage: bool) -> None:
        self._wants_usage = wants_usage
        self._start: Start | None = None
        self._opened = False
        self._bare_calls: set[int] = set()

    def write(self, events: Sequence[Event]) -> bytes:
        written: list[bytes] = []
        position = 0
        while position < len(events):
            event = events[position]
            frame = untouched_frame(events, position, CHUNKS)
            if frame is not None:
                if not (isinstance(event, Usage) and frame.size == 1) or self._wants_usage:
                    written.append(frame.raw)
                self._note(event)
                position += frame.size
            else:
                written.append(self._encode(event))
                position += 1
        return b"".join(written)

    def _note(self, event: Event) -> None:
        """Keep what later chunks of our own need from a frame that is relayed."""
        if isinstance(event, Start):
            self._start = event
        if not isinstance(event, KeepAlive | Opaque):
            self._opened = True

    def _encode(self, event: Event) -> bytes:  # noqa: C901, PLR0911 - an arm for each kind
        match event:
            case Start():
                self._start = _known(event)
                return b""
            case TextDelta(text):
                return self._delta({"content": text})
            case ReasoningDelta(text):
                return self._delta({"reasoning_content": text})
            case ToolCallStart(index, id_, name):
                self._bare_calls.add(index)
                function = {"name": name, "arguments": ""}
                call = {"index": index, "id": id_, "type": "function", "function": function}
                return self._delta({"tool_calls": [call]})
            case ToolCallDelta(index, arguments):
                self._bare_calls.discard(index)
                return self._arguments(index, arguments)
            case ToolCallEnd(index):
                return self._arguments(index, "{}") if index in self._bare_calls else b""
            case Finish(reason):
                return self._delta({}, reason)
            case Usage():
                return self._chunk([], usage=_usage(event)) if self._wants_usage else b""
            case End():
                return b"data: [DONE]\n\n"
            case Failure(error):
                return _data({"error": error_object(error)})
            case KeepAlive():
                return b": keep-alive\n\n"
            case Opaque():
                return b""

    def _arguments(self, index: int, arguments: str) -> bytes:
        return self._delta({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]})

    def _delta(self, delta: Mapping[str, Any], reason: str | None = None) -> bytes:
        if not self._opened:
            self._opened = True
            delta = {"role": "assistant", "content": "" if not delta else None, **delta}
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return self._chunk([choice])

    def _chunk(self, choices: Sequence[Mapping[str, Any]], **more: Any) -> bytes:
        start = self._start = self._start or _known(None)
        chunk = {
            "id": start.id,
            "object": "chat.completion.chunk",
            "created": start.created,
            "model": start.model,
            "choices": choices,
        }
        return _data({**chunk, **more})


def _data(value: Mapping[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


def _known(start: Start | None) -> Start:
    """The start of an answer, with an id and a time of our own where a vendor gave none."""
    if start is not None and start.id:
        return start
    model = start.model if start else ""
    return Start(f"chatcmpl-{uuid4().hex}", model, int(time.time()))


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
