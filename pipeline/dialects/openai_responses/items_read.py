"""The items of one answer so far: what came of each, so that what only a later frame tells, or
tells again, becomes an event once.

Items are known by their place in the output, for they may come mixed, and some servers send a text
or a call's arguments whole at the end alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from llm_proxy.pipeline.dialects.openai_chat.tool_fragments import arguments_text
from llm_proxy.pipeline.dialects.openai_responses.namespaces import full_name
from llm_proxy.pipeline.dialects.openai_responses.reasoning import (
    BETWEEN,
    reasoning_text,
    sealed_item,
)
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    Event,
    Frame,
    Opaque,
    ReasoningDelta,
    ReasoningState,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from llm_proxy.pipeline.json_values import objects_in

Json = Mapping[str, Any]

CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
"""The items that are calls, and where their arguments stand."""

SPOKEN = ("message", "reasoning")


@dataclass(slots=True)
class _Call:
    number: int
    length: int = 0
    ended: bool = False


@dataclass(slots=True)
class ItemsRead:
    """What has been read of each item; `maker` is whose state it is."""

    maker: str
    calls: dict[int, _Call] = field(default_factory=dict[int, _Call])
    lengths: dict[tuple[int, str, int], int] = field(
        default_factory=dict[tuple[int, str, int], int]
    )
    spoken: set[int] = field(default_factory=set[int])
    done: set[int] = field(default_factory=set[int])
    places: dict[str, int] = field(default_factory=dict[str, int])

    def piece(self, index: int, kind: str, part: int, text: str, frame: Frame) -> Iterator[Event]:
        """A piece of what is said in a part of an item: text, refusal or reasoning."""
        if not text:
            return
        key = (index, kind, part)
        before = self.lengths.get(key)
        self.lengths[key] = (before or 0) + len(text)
        first = index not in self.spoken
        self.spoken.add(index)
        if kind == "text":
            yield TextDelta(text, frame)
        elif kind == "refusal":
            yield RefusalDelta(text, frame)
        else:
            yield ReasoningDelta(BETWEEN + text if before is None and not first else text, frame)

    def whole(
        self, index: int, kind: str, part: int, text: object, frame: Frame
    ) -> Iterator[Event]:
        """A part's whole text: what of it has not come in pieces."""
        if isinstance(text, str):
            missing = text[self.lengths.get((index, kind, part), 0) :]
            yield from self.piece(index, kind, part, missing, frame)

    def start(self, index: int, item: Json, frame: Frame) -> Iterator[Event]:
        """An item opens."""
        kind = str(item.get("type") or "")
        self._note(index, item)
        if kind in CALLS:
            if index not in self.calls and item.get("name"):
                yield from self._open(index, item, frame)
        elif kind not in SPOKEN:
            yield Opaque(frame, kind)

    def arguments(self, index: int, text: object, frame: Frame) -> Iterator[Event]:
        """A piece of a call's arguments."""
        call = self.calls.get(index)
        if call is not None and not call.ended and isinstance(text, str) and text:
            call.length += len(text)
            yield ToolCallDelta(call.number, text, frame)

    def all_arguments(self, index: int, text: object, frame: Frame) -> Iterator[Event]:
        """A call's whole arguments: what of them has not come in pieces."""
        call = self.calls.get(index)
        try:
            whole = arguments_text(text)
        except ValueError as error:
            raise UpstreamBroken(f"the backend sent a tool call whose {error}") from error
        if call is not None:
            yield from self.arguments(index, whole[call.length :], frame)

    def finish(self, index: int, item: Json, frame: Frame) -> Iterator[Event]:
        """An item is whole: what of it has not been read yet."""
        if index in self.done:
            return
        self.done.add(index)
        self._note(index, item)
        kind = str(item.get("type") or "")
        if kind in CALLS:
            if index not in self.calls:
                yield from self._open(index, item, frame)
            yield from self.all_arguments(index, item.get(CALLS[kind]), frame)
            self.calls[index].ended = True
            yield ToolCallEnd(self.calls[index].number, frame)
        elif kind == "message":
            for part, content in enumerate(objects_in(item.get("content"))):
                yield from self.whole(index, "text", part, content.get("text"), frame)
                yield from self.whole(index, "refusal", part, content.get("refusal"), frame)
                if content.get("annotations"):
                    yield Opaque(frame, "annotations")
        elif kind == "reasoning":
            if index not in self.spoken:
                yield from self.piece(index, "summary", 0, reasoning_text(item), frame)
            if seal := sealed_item(item, self.maker):
                yield ReasoningState(seal, frame)
        else:
            yield Opaque(frame, kind)

    def place(self, position: int, item: Json) -> int:
        """Where an item of the final output stood in the stream, which may have left places out."""
        known = next((self.places[one] for one in _ids(item) if one in self.places), None)
        if known is not None:
            return known
        taken = set(self.places.values())
        return position if position not in taken else max(taken) + 1

    def _note(self, index: int, item: Json) -> None:
        for one in _ids(item):
            self.places[one] = index

    def close(self, frame: Frame) -> Iterator[Event]:
        """The ends of all calls that are still open."""
        for call in self.calls.values():
            if not call.ended:
                call.ended = True
                yield ToolCallEnd(call.number, frame)

    def _open(self, index: int, item: Json, frame: Frame) -> Iterator[Event]:
        call = self.calls[index] = _Call(len(self.calls))
        id_ = str(item.get("call_id") or "") or f"call_{uuid4().hex[:24]}"
        name = full_name(item.get("namespace"), str(item.get("name") or ""))
        custom = item.get("type") == "custom_tool_call"
        yield ToolCallStart(call.number, id_, name, frame, custom)


def _ids(item: Json) -> list[str]:
    return [str(item[name]) for name in ("id", "call_id") if item.get(name)]
