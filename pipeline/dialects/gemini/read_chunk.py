"""One `GenerateContentResponse`, which is a whole answer or a chunk of one → events."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson

from llm_proxy.pipeline.dialects.gemini.finish_reasons import is_failure, read_reason, told_reason
from llm_proxy.pipeline.dialects.gemini.formats import NAME
from llm_proxy.pipeline.dialects.gemini.read_contents import kind_of
from llm_proxy.pipeline.dialects.gemini.signatures import FIELD, signature_of
from llm_proxy.pipeline.dialects.gemini.usage import read_usage
from llm_proxy.pipeline.dialects.gemini.wire_names import get
from llm_proxy.pipeline.dialects.read_error import reported_error
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    Event,
    Finish,
    Frame,
    Opaque,
    ReasoningDelta,
    ReasoningState,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from llm_proxy.pipeline.json_values import is_object, object_or_empty, objects_in
from llm_proxy.pipeline.parts import Seal

Chunk = Mapping[str, Any]

_ANSWER = ("candidates", "promptFeedback", "usageMetadata", "responseId", "modelVersion")


def candidate_in(chunk: Chunk) -> Mapping[str, Any]:
    """The first candidate; further ones reach a client of this dialect in the chunk's bytes."""
    none: dict[str, Any] = {}
    candidates = objects_in(chunk.get("candidates"))
    return next((one for one in candidates if not one.get("index")), none)


def parts_in(chunk: Chunk) -> list[dict[str, Any]]:
    """The parts of the first candidate, which has none where it was cut short."""
    content = object_or_empty(candidate_in(chunk).get("content"))
    return objects_in(content.get("parts"))


def reason_in(chunk: Chunk) -> str:
    """Why the first candidate stopped; empty where it has not."""
    return told_reason(get(candidate_in(chunk), "finishReason"))


class Chunks:
    """Reads the chunks of one answer."""

    def __init__(self, maker: str) -> None:
        self._maker = maker
        self._started = False
        self._calls = 0
        self._ids: set[str] = set()
        self._said_anything = False
        self.finished = False

    @property
    def has_calls(self) -> bool:
        """Whether a call has come."""
        return self._calls > 0

    def read(self, chunk: Chunk, frame: Frame | None, *, is_last: bool) -> list[Event]:
        """The events of one; raises what it reports as an error. A reason to stop counts only in
        the last chunk with content, for some models tell one in each."""
        if error := reported_error(chunk):
            raise error
        events: list[Event] = []
        if not self._started and any(get(chunk, name) is not None for name in _ANSWER):
            self._started = True
            events.append(self._start(chunk, frame))
        if self.finished:  # nothing is said after the end
            events += [Opaque(frame)] if parts_in(chunk) else []
        else:
            for part in parts_in(chunk):
                events += self._part(part, frame)
            events += self._finish(chunk, frame, is_last=is_last)
        if object_or_empty(get(candidate_in(chunk), "groundingMetadata")):
            events.append(Opaque(frame, "groundingMetadata"))
        return [*events, *read_usage(get(chunk, "usageMetadata"), frame)]

    def _start(self, chunk: Chunk, frame: Frame | None) -> Start:
        id_, model = get(chunk, "responseId"), get(chunk, "modelVersion")
        return Start(str(id_ or ""), str(model or ""), _created(chunk), frame)

    def _part(self, part: Mapping[str, Any], frame: Frame | None) -> Iterator[Event]:
        text, signature = part.get("text"), signature_of(part)
        if is_object(call := get(part, "functionCall")):
            self._said_anything = True
            yield from self._call(call, signature, frame)
        elif isinstance(text, str):
            thought = part.get("thought") is True
            if text:
                self._said_anything = self._said_anything or not thought
                yield ReasoningDelta(text, frame) if thought else TextDelta(text, frame)
            if signature:
                about = {"thought": True, "text": text} if thought else {}
                yield self._state({FIELD: signature, **about}, None, frame)
        else:
            self._said_anything = True
            yield Opaque(frame, kind_of(part))

    def _call(
        self, call: Mapping[str, Any], signature: str, frame: Frame | None
    ) -> Iterator[Event]:
        id_ = str(call.get("id") or "")
        if not id_ or id_ in self._ids:  # some servers give every call the same one
            id_ = f"call_{uuid4().hex[:24]}"
        self._ids.add(id_)
        index, self._calls = self._calls, self._calls + 1
        if signature:
            yield self._state({FIELD: signature}, id_, frame)
        yield ToolCallStart(index, id_, str(call.get("name") or ""), frame)
        yield ToolCallDelta(index, _arguments(call.get("args")), frame)
        yield ToolCallEnd(index, frame)

    def _state(self, block: Mapping[str, Any], call: str | None, frame: Frame | None) -> Event:
        return ReasoningState(Seal(NAME, block, self._maker, call), frame)

    def _finish(self, chunk: Chunk, frame: Frame | None, *, is_last: bool) -> Iterator[Event]:
        reason = reason_in(chunk)
        blocked = object_or_empty(get(chunk, "promptFeedback"))
        if reason and is_last:
            if is_failure(reason) and not self._said_anything:
                raise UpstreamBroken(f"the backend's model stopped without an answer: {reason}")
            self.finished = True
            yield Finish(read_reason(reason, has_calls=self.has_calls), frame)
        elif get(blocked, "blockReason") and not candidate_in(chunk):
            self.finished = True
            yield Finish("content_filter", frame)


def _arguments(args: object) -> str:
    try:
        return orjson.dumps(args).decode() if is_object(args) else "{}"
    except orjson.JSONEncodeError as error:
        raise UpstreamBroken(f"the backend sent a call that cannot be read: {error}") from error


def _created(chunk: Chunk) -> int:
    told = get(chunk, "createTime")
    try:
        return int(datetime.fromisoformat(told).timestamp())
    except (TypeError, ValueError, OverflowError):
        return int(time.time())
