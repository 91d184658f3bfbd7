"""Events → a chat completion, whole or in chunks."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import orjson

from llm_proxy.pipeline.dialects.openai_chat.errors import error_object
from llm_proxy.pipeline.dialects.openai_chat.formats import CHUNKS, COMPLETION, NAME
from llm_proxy.pipeline.dialects.seals import tag
from llm_proxy.pipeline.dialects.untouched import untouched_frame
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    FinishReason,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    ReasoningState,
    RefusalDelta,
    Start,
    TextDelta,
    TokenCount,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.json_values import is_list
from llm_proxy.pipeline.parts import Seal


def write_completion(events: Sequence[Event]) -> bytes:
    """A whole answer; the vendor's own bytes where it was one and no stage touched it."""
    frame = untouched_frame(events, 0, COMPLETION)
    if frame is not None and frame.size == len(events):
        return frame.raw
    start = _known(next((event for event in events if isinstance(event, Start)), None))
    finish: FinishReason | None = next((e.reason for e in events if isinstance(e, Finish)), None)
    if finish is None:
        raise UpstreamBroken("the backend's answer has no finish")
    choice = {
        "index": 0,
        "message": _message(events),
        "logprobs": None,
        "finish_reason": _reason(finish),
    }
    completion: dict[str, Any] = {
        "id": start.id,
        "object": "chat.completion",
        "created": start.created,
        "model": start.model,
        "choices": [choice],
    }
    usage = [event for event in events if isinstance(event, Usage)]
    if usage:
        completion["usage"] = _usage(usage[-1])
    return orjson.dumps(completion)


def _message(events: Sequence[Event]) -> dict[str, Any]:
    text = [event.text for event in events if isinstance(event, TextDelta)]
    refusal = [event.text for event in events if isinstance(event, RefusalDelta)]
    reasoning = [event.text for event in events if isinstance(event, ReasoningDelta)]
    states = [event.seal for event in events if isinstance(event, ReasoningState)]
    calls = list(_calls(events).values())
    message: dict[str, Any] = {"role": "assistant", "content": "".join(text) if text else None}
    message["refusal"] = "".join(refusal) if refusal else None
    if reasoning:
        message["reasoning_content"] = "".join(reasoning)
    if states:
        message["reasoning_details"] = [detail for seal in states for detail in _details(seal)]
    if calls:
        message["tool_calls"] = calls
    elif not text and not refusal:
        message["content"] = ""
    return message


def _calls(events: Sequence[Event]) -> dict[int, dict[str, Any]]:
    calls: dict[int, dict[str, Any]] = {}
    texts: dict[int, str] = {}
    for event in events:
        if isinstance(event, ToolCallStart):
            calls[event.index], texts[event.index] = _opened(event), ""
        elif isinstance(event, ToolCallDelta) and event.index in calls:
            texts[event.index] += event.arguments
    for index, call in calls.items():
        kind = call["type"]
        call[kind]["input" if kind == "custom" else "arguments"] = texts[index] or _NONE[kind]
    return calls


_NONE = {"function": "{}", "custom": ""}
"""What a call says that was given nothing."""


def _opened(start: ToolCallStart) -> dict[str, Any]:
    if start.custom:
        return {"id": start.id, "type": "custom", "custom": {"name": start.name, "input": ""}}
    function = {"name": start.name, "arguments": ""}
    return {"id": start.id, "type": "function", "function": function}


def _details(seal: Seal, index: int = 0) -> list[Any]:
    """A seal as clients of this dialect keep it: its own list, or one tagged item."""
    own = seal.block.get("reasoning_details")
    if seal.dialect == NAME and is_list(own):
        return own
    tagged = {"type": "reasoning.encrypted", "data": tag([seal]), "format": "px1", "index": index}
    return [tagged if seal.call is None else {**tagged, "id": seal.call}]


def _reason(reason: FinishReason) -> str:
    match reason:
        case "context_full":
            return "length"
        case "pause":
            return "stop"
        case _:
            return reason


_UNSEEN = (KeepAlive, Opaque)
"""What opens no message."""


class ChunkWriter:
    """Writes one answer as chunks; `wants_usage` says whether the client asked for the counts."""

    def __init__(self, *, wants_usage: bool) -> None:
        self._wants_usage = wants_usage
        self._start: Start | None = None
        self._opened = False
        self._bare_calls: set[int] = set()
        self._custom_calls: set[int] = set()
        self._usage: Usage | None = None
        self._states = 0

    def write(self, events: Sequence[Event]) -> bytes:
        written: list[bytes] = []
        position = 0
        while position < len(events):
            frame = untouched_frame(events, position, CHUNKS)
            if frame is None:
                written.append(self._encode(events[position]))
                position += 1
            else:
                relayed = events[position : position + frame.size]
                written.append(self._relay(frame.raw, relayed))
                position += frame.size
        return b"".join(written)

    def _relay(self, raw: bytes, events: Sequence[Event]) -> bytes:
        """The vendor's chunk, but not what the client did not ask for."""
        last = events[-1]
        if isinstance(last, TextDelta) and len(events) == 1:  # most are
            self._opened = True
            return raw
        before = self._last_usage() if isinstance(last, End) else b""
        is_asked_for = self._wants_usage or not (isinstance(last, Usage) and len(events) == 1)
        for event in events:
            self._note(event)
        return before + raw if is_asked_for else before

    def _note(self, event: Event) -> None:
        """Keep what later chunks of our own need from a frame that is relayed."""
        if isinstance(event, Start):
            self._start = event
        elif isinstance(event, Usage):
            self._usage = None  # told already
        elif isinstance(event, ToolCallStart):
            (self._custom_calls if event.custom else self._bare_calls).add(event.index)
        elif isinstance(event, ToolCallDelta):
            self._bare_calls.discard(event.index)
        elif isinstance(event, _UNSEEN):
            return
        self._opened = True

    def _encode(self, event: Event) -> bytes:  # noqa: C901, PLR0911, PLR0912 - an arm for each kind
        match event:
            case Start():
                self._start = _known(event)
                return b""
            case TextDelta(text):
                return self._delta({"content": text})
            case ReasoningDelta(text):
                return self._delta({"reasoning_content": text})
            case RefusalDelta(text):
                return self._delta({"refusal": text})
            case ReasoningState(seal):
                self._states += 1
                return self._delta({"reasoning_details": _details(seal, self._states - 1)})
            case ToolCallStart():
                return self._open_call(event)
            case ToolCallDelta(index, arguments):
                self._bare_calls.discard(index)
                return self._arguments(index, arguments)
            case ToolCallEnd(index):
                return self._arguments(index, "{}") if index in self._bare_calls else b""
            case Finish(reason):
                return self._delta({}, _reason(reason))
            case Usage():
                self._usage = event
                return b""
            case End():
                return self._last_usage() + b"data: [DONE]\n\n"
            case Failure(error):
                return _data({"error": error_object(error)})
            case KeepAlive():
                return b": keep-alive\n\n"
            case Opaque() | TokenCount():
                return b""

    def _open_call(self, start: ToolCallStart) -> bytes:
        (self._custom_calls if start.custom else self._bare_calls).add(start.index)
        return self._delta({"tool_calls": [{"index": start.index, **_opened(start)}]})

    def _arguments(self, index: int, arguments: str) -> bytes:
        custom = index in self._custom_calls
        piece = (
            {"custom": {"input": arguments}} if custom else {"function": {"arguments": arguments}}
        )
        return self._delta({"tool_calls": [{"index": index, **piece}]})

    def _last_usage(self) -> bytes:
        """The counts come last, for a vendor may tell them several times."""
        if self._usage is None or not self._wants_usage:
            return b""
        return self._chunk([], usage=_usage(self._usage))

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
    if start is None or not start.id:
        model = start.model if start else ""
        return Start(f"chatcmpl-{uuid4().hex}", model, int(time.time()))
    return start if start.created else replace(start, created=int(time.time()))


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
