"""A vendor's chat completion, whole or in chunks → events."""

from collections.abc import Mapping
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.frame_reader import CUT_SHORT, FrameReader, json_object
from llm_proxy.pipeline.dialects.openai_chat.formats import CHUNKS, COMPLETION
from llm_proxy.pipeline.dialects.openai_chat.reasoning_details import ReasoningDetails
from llm_proxy.pipeline.dialects.openai_chat.tool_fragments import ToolFragments
from llm_proxy.pipeline.dialects.read_error import reported_error
from llm_proxy.pipeline.dialects.sse import SseFrame
from llm_proxy.pipeline.dialects.text_runs import TextAt
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    FinishReason,
    Frame,
    Opaque,
    ReasoningDelta,
    RefusalDelta,
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
    "model_context_window_exceeded": "context_full",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}

_PLAIN = ("role", "content")

_UNTOLD = ("audio", "annotations", "images")
"""What an answer may hold beside what has an event."""

_MOST_TOKENS = 2**53

_NAMELESS = "the backend reported an error in its answer"


def read_completion(body: bytes, maker: str = "") -> list[Event]:
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
    tools, details = ToolFragments(), ReasoningDetails(maker)
    frame = Frame(body, 0, COMPLETION)
    events: list[Event] = [_start(completion, frame)]
    message = object_or_empty(choices[0].get("message"))
    events += _content(message, tools, details, frame, whole=True)
    events += [*tools.close(frame), *details.close(frame)]
    reason = str(choices[0].get("finish_reason") or "stop")
    if reason in _FAILURES:
        raise UpstreamBroken(_NAMELESS)
    events.append(_finish(choices[0], tools, frame))
    events += _usage(completion, frame)
    events.append(End(frame))
    frame.size = len(events)
    return events


class ChunkReader(FrameReader):
    """Reads the chunks of one streamed answer."""

    format = CHUNKS
    keys = (b'"content":"', b'"content": "')

    def __init__(self, maker: str = "") -> None:
        super().__init__()
        self._tools = ToolFragments()
        self._details = ReasoningDetails(maker)
        self._started = False
        self._finished = False
        self._said_anything = False

    @property
    def text_at(self) -> TextAt:
        return _text_at

    def events_of(self, frame: SseFrame, data: bytes, shared: Frame) -> list[Event]:
        if data.strip() == b"[DONE]":
            if not self._said_anything:
                raise UpstreamBroken("the backend's answer is empty")
            # Without a finish reason it is still the end, for a client that reads the same.
            return [*self._details.close(shared), *self._tools.close(shared), End(shared)]
        return self._chunk(json_object(data), shared)

    def at_end_of_body(self) -> list[Event]:
        """A proper end only after a finish reason."""
        if not self._finished:
            raise UpstreamBroken(CUT_SHORT)
        return [End()]

    def _chunk(self, chunk: Mapping[str, Any], frame: Frame) -> list[Event]:
        if error := reported_error(chunk):
            return [Failure(error)]
        events: list[Event] = []
        if not self._started and (chunk.get("id") or chunk.get("choices")):
            self._started = True  # a chunk of a filter's results may come first, without an id
            events.append(_start(chunk, frame))
        before, choices = len(events), objects_in(chunk.get("choices"))
        for choice in choices:
            if choice.get("index"):
                # Further choices (n > 1) reach a client of this dialect in the frame's own bytes.
                continue
            delta = object_or_empty(choice.get("delta"))
            events += _content(delta, self._tools, self._details, frame)
            if reason := str(choice.get("finish_reason") or ""):
                if reason in _FAILURES:
                    return [*events, Failure(UpstreamBroken(_NAMELESS))]
                events += [*self._details.close(frame), *self._tools.close(frame)]
                events.append(_finish(choice, self._tools, frame))
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


def _content(
    message: Mapping[str, Any],
    tools: ToolFragments,
    details: ReasoningDetails,
    frame: Frame,
    *,
    whole: bool = False,
) -> list[Event]:
    """The events of a message or of a delta: they have the same fields."""
    events: list[Event] = []
    for name in _UNTOLD:
        if message.get(name):
            events.append(Opaque(frame, name))  # noqa: PERF401 - mostly there is none
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if not isinstance(reasoning, str):
        reasoning = ""
    if objects := objects_in(message.get("reasoning_details")):
        reasoning = reasoning or details.text(objects)
        details.read(objects)
    if reasoning:
        events.append(ReasoningDelta(reasoning, frame))
    said: list[Event] = []
    text, refusal = message.get("content"), message.get("refusal")
    if isinstance(text, str) and text:
        said.append(TextDelta(text, frame))
    if isinstance(refusal, str) and refusal:
        said.append(RefusalDelta(refusal, frame))
    for fragment in objects_in(message.get("tool_calls")):
        said += tools.read(fragment, frame, whole=whole)
    if said:
        events += details.close(frame)  # what was thought is whole once something is said
        events += said
    return events


def _finish(choice: Mapping[str, Any], tools: ToolFragments, frame: Frame) -> Finish:
    known = _REASONS.get(str(choice.get("finish_reason") or ""), "stop")
    if known == "stop" and tools.count:
        return Finish("tool_calls", frame)
    met = choice.get("stop_reason")  # vLLM's: the sequence, or the number of a token
    return Finish(known, frame, met if known == "stop" and isinstance(met, str) else None)


def _usage(answer: Mapping[str, Any], frame: Frame) -> list[Event]:
    usage = object_or_empty(answer.get("usage"))
    if not usage:
        return []
    of_input = object_or_empty(usage.get("prompt_tokens_details"))
    of_output = object_or_empty(usage.get("completion_tokens_details"))
    return [
        Usage(
            _count(usage, "prompt_tokens"),
            _count(usage, "completion_tokens"),
            _count(of_input or usage, "cached_tokens" if of_input else "prompt_cache_hit_tokens"),
            _count(of_output, "reasoning_tokens") if of_output else 0,
            frame,
            _count(of_input, "cache_write_tokens") if of_input else 0,
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
