"""The items of an answer as they are written: each tells the events that open, fill and close it,
and what it is in the end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from llm_proxy.pipeline.dialects.seals import tag
from llm_proxy.pipeline.parts import Seal
from llm_proxy.pipeline.record import record

Wire = tuple[str, dict[str, Any]]
"""An event's type and its fields."""


@record
class Form:
    """A kind of part: its field for the text, the list it stands in and the name of its number
    there, and what its events are called."""

    text: str
    list: str
    number: str
    part: str
    piece: str
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])


FORMS: Mapping[str, Form] = {
    "output_text": Form(
        "text",
        "content",
        "content_index",
        "response.content_part",
        "response.output_text",
        {"annotations": []},
    ),
    "refusal": Form(
        "refusal", "content", "content_index", "response.content_part", "response.refusal"
    ),
    "summary_text": Form(
        "text",
        "summary",
        "summary_index",
        "response.reasoning_summary_part",
        "response.reasoning_summary_text",
    ),
    "reasoning_text": Form(
        "text", "content", "content_index", "response.content_part", "response.reasoning_text"
    ),
}
"""The kinds of part by their `type`."""

_LOGPROBS: Mapping[str, Mapping[str, Any]] = {"output_text": {"logprobs": []}}
"""What the events of a text need besides."""


@dataclass(slots=True)
class Spoken:
    """A message or reasoning: parts of text. `fields` are those of the finished item but for its
    parts, with its type and id. `told` says that the open part's text was told whole: nothing can
    be added to it."""

    index: int
    fields: dict[str, Any]
    seals: list[Seal] = field(default_factory=list[Seal])
    open: str = ""
    pieces: list[str] = field(default_factory=list[str])
    told: bool = False

    @property
    def id(self) -> str:
        """The item's id."""
        return str(self.fields["id"])

    def added(self) -> Wire:
        """The event that opens the item."""
        kind = self.fields["type"]
        empty: dict[str, Any] = {"content": []} if kind == "message" else {"summary": []}
        item = {**self.fields, **empty, "status": "in_progress"}
        return "response.output_item.added", {"output_index": self.index, "item": item}

    def say(self, kind: str, text: str) -> Iterator[Wire]:
        """A piece of text in a part of a kind, which is opened if it is not the last one."""
        form = FORMS[kind]
        if self.open != kind or self.told:
            yield from self.close_part()
            self.open_part(kind)
            part = self._part(kind, "")
            yield f"{form.part}.added", {**self._place(form), "part": part}
        self.pieces.append(text)
        yield (
            f"{form.piece}.delta",
            {**self._place(form), "delta": text, **_LOGPROBS.get(kind, {})},
        )

    def open_part(self, kind: str) -> None:
        """Begin a part."""
        self.open, self.pieces, self.told = kind, [], False

    def close_part(self) -> Iterator[Wire]:
        """The events that end the open part, if there is one."""
        if not self.open:
            return
        kind, form, text = self.open, FORMS[self.open], "".join(self.pieces)
        place = self._place(form)
        if not self.told:
            yield f"{form.piece}.done", {**place, form.text: text, **_LOGPROBS.get(kind, {})}
        part = self._part(kind, text)
        yield f"{form.part}.done", {**place, "part": part}
        self.fields.setdefault(form.list, []).append(part)
        self.open, self.pieces = "", []

    def done(self, status: str) -> Iterator[Wire]:
        """The events that end the item."""
        yield from self.close_part()
        if self.seals:
            self.fields["encrypted_content"] = tag(self.seals)
        self.fields.setdefault("content" if self.fields["type"] == "message" else "summary", [])
        if self.fields["type"] == "message":
            self.fields["status"] = status
        yield "response.output_item.done", {"output_index": self.index, "item": self.fields}

    def _place(self, form: Form) -> dict[str, Any]:
        number = len(self.fields.get(form.list, ()))
        return {"item_id": self.id, "output_index": self.index, form.number: number}

    def _part(self, kind: str, text: str) -> dict[str, Any]:
        return {"type": kind, FORMS[kind].text: text, **FORMS[kind].more}


@dataclass(slots=True)
class Call:
    """A call of a tool. `fields` are those of the finished item but for its arguments."""

    index: int
    fields: dict[str, Any]
    pieces: list[str] = field(default_factory=list[str])

    @property
    def custom(self) -> bool:
        """Whether its arguments are free text."""
        return bool(self.fields["type"] == "custom_tool_call")

    @property
    def _argument(self) -> tuple[str, str]:
        """The field of its arguments, and what their events are called."""
        if self.custom:
            return "input", "response.custom_tool_call_input"
        return "arguments", "response.function_call_arguments"

    def added(self) -> Wire:
        """The event that opens the item."""
        item = {**self.fields, self._argument[0]: "", "status": "in_progress"}
        return "response.output_item.added", {"output_index": self.index, "item": item}

    def say(self, piece: str) -> Wire:
        """A piece of the arguments."""
        self.pieces.append(piece)
        return f"{self._argument[1]}.delta", {**self._place, "delta": piece}

    def done(self, status: str) -> Iterator[Wire]:
        """The events that end the item. A call without arguments has an empty object of them."""
        name, event = self._argument
        if not self.pieces and not self.custom:
            yield self.say("{}")
        text = "".join(self.pieces)
        yield f"{event}.done", {**self._place, name: text}
        self.fields |= {name: text, "status": status}
        yield "response.output_item.done", {"output_index": self.index, "item": self.fields}

    @property
    def _place(self) -> dict[str, Any]:
        return {"item_id": self.fields["id"], "output_index": self.index}


@dataclass(slots=True)
class Foreign:
    """An item of a kind this proxy does not know, carried as it came."""

    index: int
    fields: dict[str, Any]

    def done(self, status: str) -> Iterator[Wire]:
        """The event that ends the item."""
        yield "response.output_item.done", {"output_index": self.index, "item": self.fields}


Item = Spoken | Call | Foreign
