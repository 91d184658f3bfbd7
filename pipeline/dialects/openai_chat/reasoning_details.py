"""`reasoning_details`: the state of a model's reasoning as OpenRouter hands it out.

A list of objects, which a stream sends in pieces: those of one `index` and `type` belong together,
their texts end to end. The whole list goes back unchanged with the next turn.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.openai_chat.formats import NAME
from llm_proxy.pipeline.events import Event, Frame, ReasoningState
from llm_proxy.pipeline.parts import Seal

_GROWING = ("text", "summary", "data")
"""Fields whose pieces are joined; any other is told once, or again the same."""


class ReasoningDetails:
    """The details of one answer so far."""

    def __init__(self, maker: str) -> None:
        self._maker = maker
        self._details: list[dict[str, Any]] = []
        self._by_place: dict[tuple[int, str], dict[str, Any]] = {}

    @staticmethod
    def text(details: Sequence[Mapping[str, Any]]) -> str:
        """What of the details can be read."""
        texts = [detail.get("text") or detail.get("summary") for detail in details]
        return "".join(text for text in texts if isinstance(text, str))

    def read(self, details: Sequence[Mapping[str, Any]]) -> None:
        """Take in what one message or delta holds."""
        for detail in details:
            index, kind = detail.get("index"), str(detail.get("type"))
            known = self._by_place.get((index, kind)) if isinstance(index, int) else None
            if known is None:
                known = dict(detail)
                self._details.append(known)
                if isinstance(index, int):
                    self._by_place[index, kind] = known
                continue
            for name, value in detail.items():
                old = known.get(name)
                joins = name in _GROWING and isinstance(old, str) and isinstance(value, str)
                if joins or value is not None:
                    known[name] = f"{old}{value}" if joins else value

    def close(self, frame: Frame) -> list[Event]:
        """The state, once; what comes later is a state of its own."""
        if not self._details:
            return []
        details, self._details, self._by_place = self._details, [], {}
        return [ReasoningState(Seal(NAME, {"reasoning_details": details}, self._maker), frame)]
