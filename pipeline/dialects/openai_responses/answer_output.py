"""The output of an answer while it is written: which items are open, and what all of them are."""

from collections.abc import Generator, Iterator, Mapping
from typing import Any
from uuid import uuid4

from llm_proxy.pipeline.dialects.openai_responses.answer_items import (
    Call,
    Item,
    Spoken,
    Wire,
)
from llm_proxy.pipeline.dialects.openai_responses.formats import NAME
from llm_proxy.pipeline.dialects.openai_responses.namespaces import Namespaces
from llm_proxy.pipeline.dialects.openai_responses.reasoning import own_reasoning_id
from llm_proxy.pipeline.events import (
    Event,
    ReasoningDelta,
    ReasoningState,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from llm_proxy.pipeline.parts import Seal

_CALLS = ("function_call", "custom_tool_call")

_FORM_OF: Mapping[type[Event], str] = {TextDelta: "output_text", RefusalDelta: "refusal"}


class Output:
    """Turns events with content into the events of this dialect, and keeps the items.

    One message or reasoning is open at a time; calls stay open until they end, for they have places
    of their own and may come mixed.
    """

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._next_ids: dict[str, str] = {}
        self._open: dict[int, Item] = {}
        self._done: dict[int, dict[str, Any]] = {}
        self._spoken: Spoken | None = None
        self._calls: dict[int, Call] = {}

    @property
    def items(self) -> list[dict[str, Any]]:
        """The finished items."""
        return [self._done[index] for index in sorted(self._done)]

    def write(self, event: Event) -> Iterator[Wire]:
        """The events of this dialect for an event with content; none for any other."""
        match event:
            case TextDelta(text) | RefusalDelta(text) if text:
                yield from self._say("message", _FORM_OF[type(event)], text)
            case ReasoningDelta(text) if text:
                yield from self._say("reasoning", "summary_text", text)
            case ReasoningState(seal):
                yield from self._state(seal)
            case ToolCallStart():
                yield from self._start_call(event)
            case ToolCallDelta(number, arguments) if arguments and number in self._calls:
                yield self._calls[number].say(arguments)
            case ToolCallEnd(number) if number in self._calls:
                yield from self._end(self._calls.pop(number))
            case _:
                pass

    def close(self, status: str = "completed") -> Iterator[Wire]:
        """The events that end whatever is still open."""
        for index in sorted(self._open):
            yield from self._end(self._open[index], status)

    def close_spoken(self) -> Iterator[Wire]:
        """The events that end the message or the reasoning that is open."""
        if self._spoken is not None:
            yield from self._end(self._spoken)

    def expect(self, kind: str, id_: str) -> None:
        """Give the next item of a kind its vendor's id."""
        self._next_ids[kind] = id_

    def adopt(self, item: Item) -> None:
        """Go on with an item that has been opened elsewhere."""
        self._open[item.index] = item
        if isinstance(item, Spoken):
            self._spoken = item
        if isinstance(item, Call):
            self._calls[self._calls_so_far] = item

    def adopt_done(self, index: int, fields: dict[str, Any]) -> None:
        """Keep an item that has been finished elsewhere."""
        item = self._open.pop(index, None)
        self._forget(item)
        self._done[index] = fields

    def opened(self, index: int) -> Item | None:
        """The item that is open at a place."""
        return self._open.get(index)

    @property
    def spoken(self) -> Spoken | None:
        """The message or the reasoning that is open."""
        return self._spoken

    @property
    def next_index(self) -> int:
        """The place of the next item."""
        return max((*self._open, *self._done), default=-1) + 1

    @property
    def _calls_so_far(self) -> int:
        done = sum(str(item.get("type")) in _CALLS for item in self._done.values())
        return done + len(self._calls)

    def call(self, number: int) -> Call | None:
        """The open call of a number."""
        return self._calls.get(number)

    def _say(self, kind: str, form: str, text: str) -> Iterator[Wire]:
        spoken = self._spoken
        if spoken is None or spoken.fields["type"] != kind or spoken.seals:
            spoken = yield from self._open_spoken(kind)
        if form == "summary_text" and spoken.open == "reasoning_text":
            form = spoken.open  # the vendor whose item this is tells its thoughts themselves
        yield from spoken.say(form, text)

    def _open_spoken(self, kind: str, id_: str | None = None) -> Generator[Wire, None, Spoken]:
        yield from self.close_spoken()
        fields: dict[str, Any] = {"type": kind, "id": id_ or self._id(kind)}
        if kind == "message":
            fields["role"] = "assistant"
        spoken = Spoken(self.next_index, fields)
        self.adopt(spoken)
        yield spoken.added()
        return spoken

    def _id(self, kind: str) -> str:
        if kind in self._next_ids:
            return self._next_ids.pop(kind)
        return f"msg_{uuid4().hex}" if kind == "message" else own_reasoning_id()

    def _state(self, seal: Seal) -> Iterator[Wire]:
        """State into the reasoning it belongs to, or an item of its own. A vendor of this dialect
        knows its state by the item's id."""
        spoken = (
            self._spoken if self._spoken and self._spoken.fields["type"] == "reasoning" else None
        )
        if seal.dialect != NAME:
            if spoken is None:
                spoken = yield from self._open_spoken("reasoning")
            spoken.seals.append(seal)
            return
        id_ = str(seal.block.get("id") or "")
        if spoken is None or (id_ and spoken.id != id_):
            spoken = yield from self._open_spoken("reasoning", id_ or None)
        spoken.fields["encrypted_content"] = seal.block.get("encrypted_content")
        yield from self._end(spoken)

    def _start_call(self, start: ToolCallStart) -> Iterator[Wire]:
        yield from self.close_spoken()
        named = self._namespaces.fields(start.name)
        kind = "custom_tool_call" if start.custom else "function_call"
        id_ = f"{'ctc' if start.custom else 'fc'}_{uuid4().hex}"
        fields = {"type": kind, "id": id_, "call_id": start.id, **named}
        call = Call(self.next_index, fields)
        self._open[call.index] = call
        self._calls[start.index] = call
        yield call.added()

    def _end(self, item: Item, status: str = "completed") -> Iterator[Wire]:
        yield from item.done(status)
        self._open.pop(item.index, None)
        self._forget(item)
        self._done[item.index] = item.fields

    def _forget(self, item: Item | None) -> None:
        if item is self._spoken:
            self._spoken = None
        if isinstance(item, Call):
            self._calls = {number: one for number, one in self._calls.items() if one is not item}
