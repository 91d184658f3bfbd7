"""Events → the parts of an answer.

A call is one part, written when it has ended. Another vendor's state waits for the next part that
carries a signature in this dialect, a call's or a text's; this dialect's own goes out at once.
"""

from collections.abc import Iterator
from typing import Any

from llm_proxy.pipeline.dialects.arguments import arguments_object
from llm_proxy.pipeline.dialects.gemini.formats import NAME
from llm_proxy.pipeline.dialects.gemini.signatures import FIELD, signature_in, tagged
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

Json = dict[str, Any]


class AnswerParts:
    """Makes the parts of one answer."""

    def __init__(self) -> None:
        self._open: dict[int, ToolCallStart] = {}
        self._arguments: dict[int, list[str]] = {}
        self._pending: list[Seal] = []
        self._of_calls: dict[str, list[Seal]] = {}

    def read(self, event: Event) -> Iterator[Json]:
        """The parts that can be written with this event."""
        match event:
            case TextDelta(text) | RefusalDelta(text):
                if text:
                    yield self._signed({"text": text}, self._taken())
            case ReasoningDelta(text):
                if text:
                    yield {"text": text, "thought": True}
            case ReasoningState(seal):
                yield from self._state(seal)
            case ToolCallStart(index):
                self._open[index], self._arguments[index] = event, []
            case ToolCallDelta(index, arguments):
                self._arguments.setdefault(index, []).append(arguments)
            case ToolCallEnd(index):
                yield from self._call(index)
            case _:
                pass

    def close(self) -> Iterator[Json]:
        """What is left: calls whose end was not told, and state that nothing followed."""
        for index in list(self._open):
            yield from self._call(index)
        left = [*self._taken(), *(seal for seals in self._of_calls.values() for seal in seals)]
        self._of_calls.clear()
        if left:
            yield self._signed({"text": ""}, left)

    def _state(self, seal: Seal) -> Iterator[Json]:
        if seal.call is not None:
            self._of_calls.setdefault(seal.call, []).append(seal)
        elif seal.dialect != NAME:
            self._pending.append(seal)
        elif signature := signature_in(seal):
            thought = {"thought": True} if seal.block.get("thought") is True else {}
            yield {"text": "", **thought, FIELD: signature}

    def _taken(self) -> list[Seal]:
        taken, self._pending = self._pending, []
        return taken

    def _call(self, index: int) -> Iterator[Json]:
        start = self._open.pop(index, None)
        if start is None:
            return
        text = "".join(self._arguments.pop(index, ()))
        args = arguments_object(text, custom=start.custom)
        function = {"id": start.id, "name": start.name, "args": args}
        seals = [*self._taken(), *self._of_calls.pop(start.id, ())]
        yield self._signed({"functionCall": function}, seals)

    @staticmethod
    def _signed(part: Json, seals: list[Seal]) -> Json:
        """The part with the vendor's own signature, or with the tag of all the seals."""
        if not seals:
            return part
        own = signature_in(seals[0]) if len(seals) == 1 else ""
        return {**part, FIELD: own or tagged(seals)}


def joined(parts: Iterator[Json]) -> list[Json]:
    """Pieces of one text in one part, as a whole answer has it. None that is signed is joined."""
    whole: list[Json] = []
    for part in parts:
        last = whole[-1] if whole else {}
        keys = set(part) - {"thought"}
        if keys == {"text"} == set(last) - {"thought"} and last.get("thought") == part.get(
            "thought"
        ):
            whole[-1] = {**last, "text": last["text"] + part["text"]}
        else:
            whole.append(part)
    return whole
