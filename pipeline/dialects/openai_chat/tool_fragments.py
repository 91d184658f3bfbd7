"""Fragments of tool calls as they stand in chunks → calls with a beginning and an end.

Servers differ: some repeat the index, some leave it out, some send a call whole. A fragment belongs
to its `index`, else to the call of its `id`, else to the last call; a new id at a known index is a
new call.
"""

from collections.abc import Mapping
from typing import Any, cast
from uuid import uuid4

from llm_proxy.pipeline.events import Event, Frame, ToolCallDelta, ToolCallEnd, ToolCallStart


class ToolFragments:
    """The tool calls of one answer so far."""

    def __init__(self) -> None:
        self.count = 0
        self._by_index: dict[int, int] = {}
        self._ids: list[str] = []
        self._closed = 0

    def read(self, fields: Mapping[str, Any], frame: Frame | None = None) -> list[Event]:
        """The events of one item of `tool_calls`."""
        function = fields.get("function")
        body = cast("dict[str, Any]", function) if isinstance(function, dict) else {}
        id_ = str(fields.get("id") or "")
        events: list[Event] = []
        call = self._known(fields.get("index"), id_)
        if call is None:
            call = self._open(fields.get("index"), id_)
            events.append(ToolCallStart(call, self._ids[call], str(body.get("name") or ""), frame))
        if arguments := body.get("arguments"):
            events.append(ToolCallDelta(call, str(arguments), frame))
        return events

    def close(self, frame: Frame | None = None) -> list[Event]:
        """The ends of all calls that are still open."""
        ends: list[Event] = [ToolCallEnd(call, frame) for call in range(self._closed, self.count)]
        self._closed = self.count
        return ends

    def _known(self, index: object, id_: str) -> int | None:
        call = self._by_index.get(index) if isinstance(index, int) else None
        if call is None and id_ in self._ids:
            call = self._ids.index(id_)
        if call is None and not isinstance(index, int) and not id_ and self.count:
            call = self.count - 1
        return None if call is not None and id_ and self._ids[call] != id_ else call

    def _open(self, index: object, id_: str) -> int:
        call = self.count
        self.count += 1
        self._ids.append(id_ or f"call_{uuid4().hex[:24]}")
        if isinstance(index, int):
            self._by_index[index] = call
        return call
