"""What has been relayed of a stream, kept at little cost, to be gone on from where a stage changes
or stops the answer.

Pieces of text are kept as they are and frames that order them as bytes. Only when an event has to
be written anew are they read.

Frames that tell again what came in pieces must not pass when a stage has held a piece back. A
vendor numbers its events; where the number is that of the frames that went by, nothing is missing.
Where it is not, such a frame is compared with what was relayed.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.openai_responses.answer_items import FORMS, Call, Foreign, Spoken
from llm_proxy.pipeline.dialects.openai_responses.answer_output import Output
from llm_proxy.pipeline.dialects.openai_responses.frames import event_fields
from llm_proxy.pipeline.dialects.openai_responses.items_read import CALLS, SPOKEN
from llm_proxy.pipeline.dialects.openai_responses.reasoning import BETWEEN
from llm_proxy.pipeline.dialects.openai_responses.said import said, said_in
from llm_proxy.pipeline.events import (
    Event,
    Frame,
    KeepAlive,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from llm_proxy.pipeline.json_values import is_object, object_or_empty, objects_in

_PIECES = (TextDelta, ReasoningDelta, ToolCallDelta, RefusalDelta)

_FORM_OF: Mapping[type[Event], str] = {
    TextDelta: "output_text",
    RefusalDelta: "refusal",
    ReasoningDelta: "summary_text",
}

_NUMBER_KEY = b'"sequence_number":'
_NUMBER = re.compile(rb'"sequence_number": ?(\d{1,15})[,}]')

_LATER = ("status", "content", "summary", "arguments", "input", "encrypted_content")
"""Fields that an item has only when it is finished."""


class Relayed:
    """The relayed part of one stream; `output` is what it has opened and finished."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._log: list[bytes | Event] = []
        self._passed = 0
        self._shift: int | None = None
        self.base: Mapping[str, Any] | None = None
        self.number = 0

    def passes(self, events: Sequence[Event], frame: Frame) -> bool:
        """Whether the frame may go as it came, which is then noted. `events` are those of it."""
        event = events[0]
        if isinstance(event, KeepAlive):
            return True
        if len(events) == 1 and isinstance(event, _PIECES) and _is_piece(frame.raw):
            self._log.append(event)
        elif self._in_order(frame.raw) or self._true(events, frame.raw):
            self._log.append(frame.raw)
        else:
            return False
        self._passed += 1
        return True

    def _in_order(self, raw: bytes) -> bool:
        match = _NUMBER.match(raw, max(0, raw.rfind(_NUMBER_KEY)))
        if match is None:
            return False
        shift = int(match[1]) - self._passed
        if self._shift is None:
            self._shift = shift
        return shift == self._shift

    def _true(self, events: Sequence[Event], raw: bytes) -> bool:
        """Whether what a frame tells again is what was relayed."""
        if any(isinstance(event, _PIECES) for event in events):
            return True  # it tells something for the first time
        self.catch_up()
        fields = object_or_empty(event_fields(raw))
        kind = str(fields.get("type"))
        if not kind.endswith((".done", ".completed", ".incomplete", ".failed")):
            return True
        response = object_or_empty(fields.get("response"))
        if response:
            told = [said(item) for item in objects_in(response.get("output"))]
            return not told or told == [said(item) for item in self._output.items]
        item = self._output.opened(_index(fields))
        return item is None or said_in(fields, item)

    def catch_up(self) -> None:
        """Read what has been relayed since the last time."""
        for entry in self._log:
            if isinstance(entry, bytes):
                self._replay(object_or_empty(event_fields(entry)))
            else:
                self.number += 1
                self._piece(entry)
        self._log = []

    def _piece(self, event: Event) -> None:
        if isinstance(event, ToolCallDelta):
            if call := self._output.call(event.index):
                call.pieces.append(event.arguments)
            return
        spoken = self._output.spoken
        if spoken is None or not isinstance(event, TextDelta | ReasoningDelta | RefusalDelta):
            return
        if not spoken.open:
            spoken.open_part(_FORM_OF[type(event)])
        text = event.text
        if isinstance(event, ReasoningDelta) and not spoken.pieces and spoken.fields.get("summary"):
            text = text.removeprefix(BETWEEN)
        spoken.pieces.append(text)

    def _replay(self, fields: Mapping[str, Any]) -> None:
        number = fields.get("sequence_number")
        self.number = number + 1 if isinstance(number, int) else self.number + 1
        if is_object(response := fields.get("response")):
            self.base = response
        kind, index = str(fields.get("type")), _index(fields)
        item = object_or_empty(fields.get("item"))
        if kind == "response.output_item.added":
            self._output.adopt(_opened(index, item))
        elif kind == "response.output_item.done":
            self._output.adopt_done(index, item)
        elif isinstance(opened := self._output.opened(index), Spoken):
            _replay_part(opened, kind, fields)
        elif isinstance(opened, Call):
            _replay_call(opened, kind, fields)


def _is_piece(raw: bytes) -> bool:
    return raw.startswith(b"event: ") and raw.find(b".delta\n", 0, raw.find(b"\n") + 1) > 0


def _index(fields: Mapping[str, Any]) -> int:
    value = fields.get("output_index")
    return value if isinstance(value, int) else 0


def _opened(index: int, item: Mapping[str, Any]) -> Spoken | Call | Foreign:
    kind = str(item.get("type"))
    fields = {name: value for name, value in item.items() if name not in _LATER}
    if kind in CALLS:
        return Call(index, {"id": "", **fields})
    return Spoken(index, {"id": "", **fields}) if kind in SPOKEN else Foreign(index, dict(item))


def _replay_part(item: Spoken, kind: str, fields: Mapping[str, Any]) -> None:
    part = object_or_empty(fields.get("part"))
    if kind.endswith("part.added") and str(part.get("type")) in FORMS:
        item.open_part(str(part["type"]))
    elif kind.endswith("part.done"):
        name = "summary" if part.get("type") == "summary_text" else "content"
        item.fields.setdefault(name, []).append(dict(part))
        item.open, item.pieces = "", []
    elif kind.endswith(".done"):
        text = fields.get("text", fields.get("refusal"))
        item.pieces = [text] if isinstance(text, str) else item.pieces
        item.told = True
    elif isinstance(text := fields.get("delta"), str):
        item.pieces.append(text)


def _replay_call(call: Call, kind: str, fields: Mapping[str, Any]) -> None:
    text = fields.get("delta", fields.get("arguments", fields.get("input")))
    if isinstance(text, str):
        call.pieces = [text] if kind.endswith(".done") else [*call.pieces, text]
