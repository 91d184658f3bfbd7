"""Events → a streamed response."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.openai_chat.errors import error_object
from llm_proxy.pipeline.dialects.openai_responses.answer_items import Foreign, Wire
from llm_proxy.pipeline.dialects.openai_responses.answer_output import Output
from llm_proxy.pipeline.dialects.openai_responses.formats import STREAM
from llm_proxy.pipeline.dialects.openai_responses.frames import event_fields, written_frame
from llm_proxy.pipeline.dialects.openai_responses.items_read import CALLS, SPOKEN
from llm_proxy.pipeline.dialects.openai_responses.namespaces import Namespaces
from llm_proxy.pipeline.dialects.openai_responses.relayed import Relayed
from llm_proxy.pipeline.dialects.openai_responses.response_object import (
    Outcome,
    ResponseObject,
    outcome,
)
from llm_proxy.pipeline.dialects.untouched import untouched_frame
from llm_proxy.pipeline.errors import ProxyError, UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    KeepAlive,
    Opaque,
    Start,
    TokenCount,
    Usage,
)
from llm_proxy.pipeline.json_values import object_or_empty
from llm_proxy.pipeline.request import ChatRequest

_TOLD_ANEW = (
    "response.created",
    "response.queued",
    "response.in_progress",
    "response.content_part.",
    "response.output_text.",
    "response.refusal.",
    "response.reasoning_summary_part.",
    "response.reasoning_summary_text.",
    "response.reasoning_text.",
    "response.function_call_arguments.",
    "response.custom_tool_call_input.",
)
"""How those events begin that this writer makes itself."""


class EventWriter:
    """Writes one streamed answer.

    A vendor's frames are relayed until an event comes that has to be written anew. From there on
    everything is, for later frames tell again what earlier ones told.
    """

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._output = Output(Namespaces(request.tools))
        self._relayed = Relayed(self._output)
        self._relays = True
        self._begun = False
        self._number = 0
        self._start: Start | None = None
        self._base: Mapping[str, Any] | None = None
        self._object: ResponseObject | None = None
        self._places: dict[int, int] = {}
        self._usage: Usage | None = None
        self._finish: Finish | None = None

    def write(self, events: Sequence[Event]) -> bytes:
        written: list[bytes] = []
        position = 0
        while position < len(events):
            event = events[position]
            frame = untouched_frame(events, position, STREAM) if self._relays else None
            if frame is not None:
                of_frame = events[position : position + frame.size]
                if self._relayed.passes(of_frame, frame):
                    written.append(frame.raw)
                    position += frame.size
                    continue
            if self._relays and not isinstance(event, KeepAlive):
                self._go_on()
            written += self._encode(event)
            position += 1
        return b"".join(written)

    def _go_on(self) -> None:
        """Go on by ourselves from what has been relayed."""
        self._relays = False
        self._relayed.catch_up()
        self._number = self._relayed.number
        self._base = self._relayed.base
        self._begun = self._base is not None

    def _encode(self, event: Event) -> Iterator[bytes]:  # noqa: C901 - an arm for each kind
        match event:
            case Start(frame=frame):
                self._start = event
                if frame is not None and frame.format == STREAM:
                    response = object_or_empty(event_fields(frame.raw)).get("response")
                    self._base = object_or_empty(response) or self._base
            case KeepAlive():
                yield b": keep-alive\n\n"
            case Usage():
                self._usage = event
            case Finish():
                yield from self._stop(event)
            case End():
                yield from self._end()
            case Failure(error):
                yield from self._failure(error)
            case Opaque(frame):
                if frame is not None and frame.format == STREAM:
                    yield from self._opaque(object_or_empty(event_fields(frame.raw)))
            case TokenCount():
                pass
            case _:
                yield from self._events(self._output.write(event))

    def _events(self, wires: Iterable[Wire]) -> Iterator[bytes]:
        for kind, fields in wires:
            yield from self._begin()
            yield self._frame(kind, fields)

    def _frame(self, kind: str, fields: Mapping[str, Any]) -> bytes:
        self._number += 1
        return written_frame(kind, fields, self._number - 1)

    def _response(self, what: Outcome) -> dict[str, Any]:
        """The object as it is now, and but for what became of it as it was before."""
        if self._object is None:
            self._object = ResponseObject(self._request, self._start, self._base)
        return {"response": self._object.fields(what)}

    def _begin(self) -> Iterator[bytes]:
        if not self._begun:
            self._begun = True
            response = self._response(Outcome("in_progress"))
            yield self._frame("response.created", response)
            yield self._frame("response.in_progress", response)

    def _stop(self, finish: Finish) -> Iterator[bytes]:
        """Ends the items. The response itself ends later, for counts may still come."""
        self._finish = finish
        status = outcome(finish.reason, (), None).status
        yield from self._events(self._output.close(status))

    def _end(self) -> Iterator[bytes]:
        if self._finish is None:
            yield from self._failure(UpstreamBroken("the backend's answer has no finish"))
            return
        yield from self._begin()
        what = outcome(self._finish.reason, self._output.items, self._usage)
        yield self._frame(f"response.{what.status}", self._response(what))

    def _failure(self, error: ProxyError) -> Iterator[bytes]:
        """Clients look for an error at the top of the event or inside it."""
        told = error_object(error)
        if not self._begun:
            flat = {name: told[name] for name in ("code", "message", "param")}
            yield self._frame("error", {**flat, "error": told})
            return
        code = {"code": told["code"] or "server_error", "message": told["message"]}
        failed = Outcome("failed", self._output.items, self._usage, error=code)
        yield self._frame("response.failed", self._response(failed))

    def _opaque(self, fields: dict[str, Any]) -> Iterator[bytes]:
        """A vendor's event, with our numbers; what we tell ourselves goes."""
        kind, place = str(fields.get("type") or ""), fields.get("output_index")
        item = object_or_empty(fields.get("item"))
        self._base = self._base or object_or_empty(fields.get("response"))
        item_kind = str(item.get("type") or "")
        if item_kind in SPOKEN:
            yield from self._spoken_item(kind, item)
            return
        if not kind or kind.startswith(_TOLD_ANEW) or item_kind in CALLS:
            return
        if isinstance(place, int):
            if kind == "response.output_item.added":
                yield from self._events(self._output.close_spoken())
                self._places[place] = self._output.next_index
                self._output.adopt(Foreign(self._places[place], item))
            index = self._places.get(place, place)
            if not isinstance(self._output.opened(index), Foreign):
                return
            fields["output_index"] = index
            if kind == "response.output_item.done":
                self._output.adopt_done(index, item)
        kept = {name: v for name, v in fields.items() if name not in ("type", "sequence_number")}
        yield from self._events([(kind, kept)])

    def _spoken_item(self, kind: str, item: Mapping[str, Any]) -> Iterator[bytes]:
        if kind == "response.output_item.added" and isinstance(item.get("id"), str):
            yield from self._events(self._output.close_spoken())
            self._output.expect(str(item["type"]), item["id"])
        elif kind == "response.output_item.done":
            yield from self._events(self._output.close_spoken())
