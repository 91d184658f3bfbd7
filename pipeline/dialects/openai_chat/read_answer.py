"""A vendor's chat completion, whole or in chunks → events."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.openai_chat.formats import CHUNKS, COMPLETION
from llm_proxy.pipeline.dialects.openai_chat.read_error import reported_error
from llm_proxy.pipeline.dialects.openai_chat.tool_fragments import ToolFragments
from llm_proxy.pipeline.dialects.sse import SseSplitter, frame_end, parse_frame
from llm_proxy.pipeline.dialects.text_runs import TextRuns
from llm_proxy.pipeline.errors import UpstreamBroken
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

_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


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
    content = _content(object_or_empty(choices[0].get("message")), tools)
    finish = _finish(choices[0].get("finish_reason") or "stop", tools)
    if isinstance(finish, Failure):
        raise finish.error
    events = [_start(completion), *content, *tools.close(), finish, *_usage(completion), End()]
    return _framed(events, body, COMPLETION)


class ChunkReader:
    """Reads the chunks of one streamed answer."""

    def __init__(self) -> None:
        self._splitter = SseSplitter()
        self._runs = TextRuns(_only_text, (b'"content":"', b'"content": "'))
        self._tools = ToolFragments()
        self._started = False
        self._finished = False
        self.ended = False

    def feed(self, data: bytes) -> list[Event]:
        block = self._splitter.feed(data)
        events: list[Event] = []
        position = 0
        while position < len(block) and not self.ended:
            if run := self._runs.cut(block, position):
                text, end = run
                events.append(TextDelta(text, Frame(block[position:end], 1, CHUNKS)))
            else:
                end = frame_end(block, position)
                events += self._frame(block[position:end])
            position = end
        return events

    def close(self) -> list[Event]:
        """The end of the body is a proper end only after a finish reason."""
        events = self._frame(rest) if (rest := self._splitter.close()).strip() else []
        if self.ended:
            return events
        if not self._finished:
            raise UpstreamBroken("the backend's answer ended in the middle")
        return [*events, End()]

    def _frame(self, raw: bytes) -> list[Event]:
        frame = parse_frame(raw)
        if frame.data is None or not frame.data.strip():
            return [KeepAlive(Frame(raw, 1, CHUNKS))]
        if frame.data.strip() == b"[DONE]":
            self.ended = True
            return _framed([End()], raw, CHUNKS)
        try:
            chunk: Any = orjson.loads(frame.data)
        except ValueError:
            raise UpstreamBroken("the backend sent a chunk that is not valid JSON") from None
        if not is_object(chunk):
            raise UpstreamBroken("the backend sent a chunk that is not a JSON object")
        events = self._chunk(chunk)
        if len(events) == 1 and isinstance(events[0], TextDelta):
            self._runs.learn(raw)
        return _framed(events or [Opaque()], raw, CHUNKS)

    def _chunk(self, chunk: Mapping[str, Any]) -> list[Event]:
        if error := reported_error(chunk):
            self.ended = True
            return [Failure(error)]
        events: list[Event] = []
        if not self._started:
            self._started = True
            events.append(_start(chunk))
        for choice in objects_in(chunk.get("choices")):
            if choice.get("index"):
                # Further choices (n > 1) reach a client of this dialect in the frame's own bytes.
                continue
            events += _content(object_or_empty(choice.get("delta")), self._tools)
            if reason := choice.get("finish_reason"):
                events += [*self._tools.close(), _finish(reason, self._tools)]
                self._finished = True
        return [*events, *_usage(chunk)]


def _framed(events: Sequence[Event], raw: bytes, format_: str) -> list[Event]:
    if any(isinstance(event, Failure) for event in events):
        return list(events)  # told in our own words: vendors' errors have many shapes
    frame = Frame(raw, len(events), format_)
    return [replace(event, frame=frame) for event in events]


def _start(answer: Mapping[str, Any]) -> Start:
    created = answer.get("created")
    return Start(
        str(answer.get("id") or ""),
        str(answer.get("model") or ""),
        created if isinstance(created, int) else 0,
    )


def _content(message: Mapping[str, Any], tools: ToolFragments) -> list[Event]:
    """The events of a message or of a delta: they have the same fields."""
    events: list[Event] = []
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(reasoning, str) and reasoning:
        events.append(ReasoningDelta(reasoning))
    text = message.get("content") or message.get("refusal")
    if isinstance(text, str) and text:
        events.append(TextDelta(text))
    for fragment in objects_in(message.get("tool_calls")):
        events += tools.read(fragment)
    return events


def _finish(reason: object, tools: ToolFragments) -> Finish | Failure:
    if reason == "error":
        return Failure(UpstreamBroken("the backend reported an error in its answer"))
    known = _REASONS.get(str(reason), "stop")
    return Finish("tool_calls" if known == "stop" and tools.count else known)


def _usage(answer: Mapping[str, Any]) -> list[Event]:
    usage = object_or_empty(answer.get("usage"))
    if not usage:
        return []
    return [
        Usage(
            _count(usage, "prompt_tokens"),
            _count(usage, "completion_tokens"),
            _count(object_or_empty(usage.get("prompt_tokens_details")), "cached_tokens"),
            _count(object_or_empty(usage.get("completion_tokens_details")), "reasoning_tokens"),
        )
    ]


def _count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) else 0


def _only_text(chunk: Any) -> str | None:
    """The text of a chunk that carries text and nothing else."""
    try:
        (choice,) = chunk["choices"]
        text = choice["delta"]["content"]
    except (KeyError, TypeError, ValueError):
        return None
    return text if isinstance(text, str) else None
