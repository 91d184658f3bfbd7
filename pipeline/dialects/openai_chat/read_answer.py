"""A vendor's chat completion, whole or in chunks → events."""

from collections.abc import Mapping
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.openai_chat.formats import CHUNKS, COMPLETION
from llm_proxy.pipeline.dialects.openai_chat.read_error import reported_error
from llm_proxy.pipeline.dialects.openai_chat.tool_fragments import ToolFragments
from llm_proxy.pipeline.dialects.sse import SseSplitter, frame_end, parse_frame
from llm_proxy.pipeline.dialects.text_runs import TextRuns
from llm_proxy.pipeline.errors import ProxyError, UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    FinishReason,
    Frame,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    Start,
    TextDelta,
    Usage,
)
from llm_proxy.pipeline.json_values import is_object, object_or_empty, objects_in

_FAILURES = frozenset({"error", "network_error", "insufficient_system_resource"})
"""Finish reasons that are none."""

_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "sensitive": "content_filter",
    "model_context_window_exceeded": "length",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


_PLAIN = ("role", "content")

_MOST_TOKENS = 2**53

_NAMELESS = "the backend reported an error in its answer"


def read_completion(body: bytes) -> list[Event]:
    """The events of a whole answer, all of them sharing its bytes."""
    try:
        completion: Any = orjson.loads(body)
    except ValueError:
        raise UpstreamBroken("the backend's answer is not valid JSON") from None
    if not is_object(completion):
        raise UpstreamBroken("the backend's answer is not a JSON object")
    if error := reported_error(completion):
        raise error
    choices = objects_in(completion.get("choices"))
    if not choices:
        raise UpstreamBroken("the backend's answer has no choices")
    tools = ToolFragments()
    frame = Frame(body, 0, COMPLETION)
    events: list[Event] = [_start(completion, frame)]
    events += _content(object_or_empty(choices[0].get("message")), tools, frame)
    events += tools.close(frame)
    reason = str(choices[0].get("finish_reason") or "stop")
    if reason in _FAILURES:
        raise UpstreamBroken(_NAMELESS)
    events.append(_finish(reason, tools, frame))
    events += _usage(completion, frame)
    events.append(End(frame))
    frame.size = len(events)
    return events


class ChunkReader:
    """Reads the chunks of one streamed answer."""

    def __init__(self) -> None:
        self._splitter = SseSplitter()
        self._runs = TextRuns(_text_at, (b'"content":"', b'"content": "'))
        self._tools = ToolFragments()
        self._started = False
        self._finished = False
        self._said_anything = False
        self.ended = False

    def feed(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        try:
            self._read(self._splitter.feed(data), events)
        except UpstreamBroken as error:
            events.append(self._failure(error))
        return events

    def _read(self, block: bytes, events: list[Event]) -> None:
        position = 0
        while position < len(block) and not self.ended:
            if run := self._runs.cut(block, position):
                text, end = run
                events.append(TextDelta(text, Frame(block[position:end], 1, CHUNKS)))
            else:
                end = frame_end(block, position)
                events += self._frame(block[position:end])
            position = end

    def close(self) -> list[Event]:
        """The end of the body is a proper end only after a finish reason."""
        events: list[Event] = []
        try:
            if not self.ended and (rest := self._splitter.close()).strip():
                events += self._frame(rest)
        except UpstreamBroken as error:
            events.append(self._failure(error))
        if self.ended:
            return events
        if not self._finished:
            cut = UpstreamBroken("the backend's answer ended in the middle")
            return [*events, self._failure(cut)]
        return [*events, End()]

    def _failure(self, error: ProxyError) -> Failure:
        self.ended = True
        return Failure(error)

    def _frame(self, raw: bytes) -> list[Event]:
        frame = parse_frame(raw)
        if frame.data is None or not frame.data.strip():
            # An SDK stumbles over a frame without data that is more than a comment.
            return [KeepAlive(Frame(raw, 1, CHUNKS) if frame.is_comment else None)]
        if frame.data.strip() == b"[DONE]":
            if not self._said_anything:
                raise UpstreamBroken("the backend's answer is empty")
            self.ended = True
            return [End(Frame(raw, 1, CHUNKS))]
        try:
            chunk: Any = orjson.loads(frame.data)
        except ValueError:
            raise UpstreamBroken("the backend sent a chunk that is not valid JSON") from None
        if not is_object(chunk):
            raise UpstreamBroken("the backend sent a chunk that is not a JSON object")
        shared = Frame(raw, 0, CHUNKS)
        events = self._chunk(chunk, shared) or [Opaque(shared)]
        shared.size = len(events)
        if len(events) == 1 and isinstance(events[0], TextDelta):
            self._runs.learn(raw)
        return events

    def _chunk(self, chunk: Mapping[str, Any], frame: Frame) -> list[Event]:
        if error := reported_error(chunk):
            return [self._failure(error)]
        events: list[Event] = []
        if not self._started and (chunk.get("id") or chunk.get("choices")):
            self._started = True  # a chunk of a filter's results may come first, without an id
            events.append(_start(chunk, frame))
        before, choices = len(events), objects_in(chunk.get("choices"))
        for choice in choices:
            if choice.get("index"):
                # Further choices (n > 1) reach a client of this dialect in the frame's own bytes.
                continue
            events += _content(object_or_empty(choice.get("delta")), self._tools, frame)
            if reason := str(choice.get("finish_reason") or ""):
                if reason in _FAILURES:
                    return [*events, self._failure(UpstreamBroken(_NAMELESS))]
                events += self._tools.close(frame)
                events.append(_finish(reason, self._tools, frame))
                self._finished = True
        self._said_anything = self._said_anything or len(events) > before
        usage = _usage(chunk, frame)
        if usage and choices and len(events) == before:
            events.append(Opaque(frame))  # so that the frame counts as more than its usage
        return events + usage


def _start(answer: Mapping[str, Any], frame: Frame) -> Start:
    created = answer.get("created")
    return Start(
        str(answer.get("id") or ""),
        str(answer.get("model") or ""),
        created if isinstance(created, int) else 0,
        frame,
    )


def _content(message: Mapping[str, Any], tools: ToolFragments, frame: Frame) -> list[Event]:
    """The events of a message or of a delta: they have the same fields."""
    events: list[Event] = []
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(reasoning, str) and reasoning:
        events.append(ReasoningDelta(reasoning, frame))
    text = message.get("content") or message.get("refusal")
    if isinstance(text, str) and text:
        events.append(TextDelta(text, frame))
    for fragment in objects_in(message.get("tool_calls")):
        events += tools.read(fragment, frame)
    return events


def _finish(reason: str, tools: ToolFragments, frame: Frame) -> Finish:
    known = _REASONS.get(reason, "stop")
    return Finish("tool_calls" if known == "stop" and tools.count else known, frame)


def _usage(answer: Mapping[str, Any], frame: Frame) -> list[Event]:
    usage = object_or_empty(answer.get("usage"))
    if not usage:
        return []
    return [
        Usage(
            _count(usage, "prompt_tokens"),
            _count(usage, "completion_tokens"),
            _count(object_or_empty(usage.get("prompt_tokens_details")), "cached_tokens")
            or _count(usage, "prompt_cache_hit_tokens"),  # DeepSeek
            _count(object_or_empty(usage.get("completion_tokens_details")), "reasoning_tokens"),
            frame,
        )
    ]


def _count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) and 0 <= value < _MOST_TOKENS else 0


def _text_at(chunk: Any) -> tuple[dict[str, Any], str] | None:
    """Where the text stands in a chunk that carries text and nothing else."""
    choices = objects_in(chunk.get("choices")) if is_object(chunk) else []
    if len(choices) != 1:
        return None
    delta = object_or_empty(choices[0].get("delta"))
    more = [key for key, value in delta.items() if value and key not in _PLAIN]
    return (delta, "content") if isinstance(delta.get("content"), str) and not more else None
