"""Fragments of tool calls as they stand in chunks → calls with a beginning and an end.

Servers differ: some repeat the index, some leave it out, some send a call whole, some name it late.
A fragment belongs to its `index`, else to the call of its `id`, else to the last call; a new id, or
without ids a new name or a name behind whole arguments, at a known index is a new call.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson

from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import Event, Frame, ToolCallDelta, ToolCallEnd, ToolCallStart
from llm_proxy.pipeline.json_values import is_object, object_or_empty


@dataclass(slots=True)
class _Call:
    """A call so far. It starts when its name is known; arguments that come before wait."""

    number: int
    id: str
    name: str = ""
    custom: bool = False
    said: list[str] = field(default_factory=list[str])
    started: bool = False
    ended: bool = False

    def start(self, frame: Frame | None) -> list[Event]:
        self.started = True
        id_ = self.id or f"call_{uuid4().hex[:24]}"
        events: list[Event] = [ToolCallStart(self.number, id_, self.name, frame, self.custom)]
        if arguments := "".join(self.said):
            events.append(ToolCallDelta(self.number, arguments, frame))
        return events

    @property
    def is_whole(self) -> bool:
        """Whether its arguments are JSON that nothing can follow."""
        if not self.said or not self.said[-1].endswith("}"):
            return False
        try:
            return is_object(orjson.loads("".join(self.said)))
        except ValueError:
            return False


class ToolFragments:
    """The tool calls of one answer so far."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}

    @property
    def count(self) -> int:
        """How many calls there are."""
        return len(self._calls)

    def read(
        self, fields: Mapping[str, Any], frame: Frame | None = None, *, whole: bool = False
    ) -> list[Event]:
        """The events of one item of `tool_calls`, which in a `whole` answer is a call."""
        custom = object_or_empty(fields.get("custom"))
        function = custom or object_or_empty(fields.get("function"))
        id_, name = str(fields.get("id") or ""), str(function.get("name") or "")
        try:
            arguments = arguments_text(function.get("input" if custom else "arguments"))
        except ValueError as error:
            raise UpstreamBroken(f"the backend sent a tool call whose {error}") from error
        index = None if whole else fields.get("index")
        known = None if whole else self._known(index, id_, name, arguments)
        call = known or self._open(index, id_)
        call.name, call.custom = call.name or name, call.custom or bool(custom)
        if arguments:
            call.said.append(arguments)
        if call.started:
            return [ToolCallDelta(call.number, arguments, frame)] if arguments else []
        return call.start(frame) if call.name else []

    def close(self, frame: Frame | None = None) -> list[Event]:
        """The ends of all calls that are still open."""
        events: list[Event] = []
        for call in self._calls:
            if not call.started:
                events += call.start(frame)
            if not call.ended:
                call.ended = True
                events.append(ToolCallEnd(call.number, frame))
        return events

    def _known(self, index: object, id_: str, name: str, arguments: str) -> _Call | None:
        call = self._by_index.get(index) if isinstance(index, int) else None
        if call is None and id_:
            # Behind another index it is another call: some servers give all of them one id.
            placed = self._by_index.values() if isinstance(index, int) else ()
            calls = (call for call in self._calls if call not in placed)
            call = next((call for call in calls if call.id == id_), None)
        if call is None and not isinstance(index, int) and not id_ and self._calls:
            call = self._calls[-1]
        if call is None or (id_ and call.id == id_):
            return call
        another_id = id_ and call.id
        another_name = name and call.name and (name != call.name or (arguments and call.is_whole))
        return None if another_id or another_name else call

    def _open(self, index: object, id_: str) -> _Call:
        is_taken = any(call.id == id_ for call in self._calls)
        call = _Call(len(self._calls), "" if is_taken else id_)
        self._calls.append(call)
        if isinstance(index, int):
            self._by_index[index] = call
        return call


def arguments_text(arguments: object) -> str:
    """Arguments as JSON text, which some servers and clients write as an object. Raises
    `ValueError` for one that cannot be written."""
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    try:
        return orjson.dumps(arguments).decode()
    except orjson.JSONEncodeError as error:
        raise ValueError(f"arguments cannot be written: {error}") from error
