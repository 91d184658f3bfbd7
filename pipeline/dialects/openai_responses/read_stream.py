"""A vendor's streamed response → events."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_proxy.pipeline.dialects.frame_reader import CUT_SHORT, RawFrameReader
from llm_proxy.pipeline.dialects.openai_responses.formats import STREAM
from llm_proxy.pipeline.dialects.openai_responses.frames import event_fields
from llm_proxy.pipeline.dialects.openai_responses.items_read import ItemsRead
from llm_proxy.pipeline.dialects.openai_responses.read_end import (
    failure_in,
    read_finish,
    read_start,
    read_usage,
)
from llm_proxy.pipeline.dialects.read_error import reported_error
from llm_proxy.pipeline.dialects.sse import parse_frame
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import End, Event, Frame, KeepAlive, Opaque
from llm_proxy.pipeline.json_values import is_object, object_or_empty, objects_in

Json = Mapping[str, Any]

_PIECES = {
    "response.output_text.delta": ("text", "content_index"),
    "response.refusal.delta": ("refusal", "content_index"),
    "response.reasoning_summary_text.delta": ("summary", "summary_index"),
    "response.reasoning_text.delta": ("thought", "content_index"),
}
"""Events that bring a piece of what is said → its kind, and the field with its part's number."""

_WHOLES = {
    "response.output_text.done": ("text", "content_index", "text"),
    "response.refusal.done": ("refusal", "content_index", "refusal"),
    "response.reasoning_summary_text.done": ("summary", "summary_index", "text"),
    "response.reasoning_text.done": ("thought", "content_index", "text"),
}
"""The same for events that repeat all of it, and the field where it stands."""

_ARGUMENTS = ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta")

_ALL_ARGUMENTS = {
    "response.function_call_arguments.done": "arguments",
    "response.custom_tool_call_input.done": "input",
}

_STARTS = ("response.created", "response.queued", "response.in_progress")
_ENDS = ("response.completed", "response.incomplete")
_FAILURES = ("response.failed", "response.cancelled")

_NAMELESS = "the backend reported an error in its answer"


class EventReader(RawFrameReader):
    """Reads the events of one streamed answer."""

    format = STREAM

    def __init__(self, maker: str = "") -> None:
        super().__init__()
        self._items = ItemsRead(maker)
        self._started = False

    def at_end_of_body(self) -> list[Event]:
        """The end of the body is an end only after the event that says so."""
        raise UpstreamBroken(CUT_SHORT)

    def read_frame(self, raw: bytes) -> list[Event]:
        try:
            fields = event_fields(raw)
        except ValueError:
            if parse_frame(raw).data == b"[DONE]":  # some servers add it
                return [KeepAlive()]
            raise UpstreamBroken("the backend sent an event that is not valid JSON") from None
        if fields is None:
            # An SDK stumbles over a frame without data that is more than a comment.
            return [KeepAlive(Frame(raw, 1, STREAM) if parse_frame(raw).is_comment else None)]
        if not is_object(fields):
            raise UpstreamBroken("the backend sent an event that is not a JSON object")
        frame = Frame(raw, 0, STREAM)
        kind = fields.get("type")
        events = list(self._event(str(kind or ""), fields, frame)) or [Opaque(frame)]
        frame.size = len(events)
        return events

    def _event(self, kind: str, fields: Json, frame: Frame) -> Iterator[Event]:
        index = _index(fields, "output_index")
        if kind in _PIECES:
            what, part = _PIECES[kind]
            yield from self._start({}, frame)
            text = fields.get("delta")
            if isinstance(text, str):
                yield from self._items.piece(index, what, _index(fields, part), text, frame)
        elif kind in _ARGUMENTS:
            yield from self._items.arguments(index, fields.get("delta"), frame)
        elif kind in _STARTS:
            yield from self._start(object_or_empty(fields.get("response")), frame)
        elif kind in _ENDS:
            yield from self._end(kind, object_or_empty(fields.get("response")), frame)
        elif kind in _FAILURES:
            response = object_or_empty(fields.get("response"))
            yield self._failure(failure_in(response) or UpstreamBroken(_NAMELESS), frame)
        elif kind == "error" or (not kind and fields.get("error")):
            error = reported_error({"error": fields.get("error") or dict(fields)})
            yield self._failure(error or UpstreamBroken(_NAMELESS), frame)
        else:
            yield from self._whole(kind, index, fields, frame)

    def _whole(self, kind: str, index: int, fields: Json, frame: Frame) -> Iterator[Event]:
        """Events that open an item, or tell again what has come in pieces."""
        item = object_or_empty(fields.get("item"))
        if kind == "response.output_item.added":
            yield from self._start({}, frame)
            yield from self._items.start(index, item, frame)
        elif kind == "response.output_item.done":
            yield from self._start({}, frame)
            yield from self._items.finish(index, item, frame)
        elif kind in _WHOLES:
            what, part, name = _WHOLES[kind]
            part_index = _index(fields, part)
            yield from self._items.whole(index, what, part_index, fields.get(name), frame)
        elif kind in _ALL_ARGUMENTS:
            text = fields.get(_ALL_ARGUMENTS[kind])
            yield from self._items.all_arguments(index, text, frame)

    def _start(self, response: Json, frame: Frame) -> Iterator[Event]:
        if not self._started:
            self._started = True
            yield read_start(response, frame)

    def _end(self, kind: str, response: Json, frame: Frame) -> Iterator[Event]:
        yield from self._start(response, frame)
        if error := failure_in(response):
            yield self._failure(error, frame)
            return
        for position, item in enumerate(objects_in(response.get("output"))):
            yield from self._items.finish(self._items.place(position, item), item, frame)
        yield from self._items.close(frame)
        yield from read_usage(response, frame)
        response = {**response, "status": kind.removeprefix("response.")}
        yield read_finish(response, frame, calls=bool(self._items.calls))
        self.ended = True
        yield End(frame)


def _index(fields: Json, name: str) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) else 0
