"""Turns → the messages of a Messages request, from other dialects."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.dialects.anthropic_messages.translate_media import (
    fitting_document,
    fitting_image,
)
from llm_proxy.pipeline.dialects.anthropic_messages.write_blocks import written_blocks
from llm_proxy.pipeline.dialects.body import json_text
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.settings import refuse
from llm_proxy.pipeline.dialects.turns import Turn, merged
from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    ResultPart,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.traits import Traits

MINIMAL = Turn("user", (Text("."),))
"""What the user says where a conversation begins with the assistant, or says nothing at all."""


class Turns:
    """Fits the turns of one request; names and ids are already the vendor's."""

    def __init__(self, traits: Traits, losses: Losses) -> None:
        self._traits = traits
        self._losses = losses

    def fitting(self, turns: Sequence[Turn]) -> list[Turn]:
        """The turns with what the vendor takes, in an order that it takes."""
        filled = [replace(turn, parts=tuple(self._parts(turn))) for turn in turns]
        placed = merged(_placed([turn for turn in filled if turn.parts]))
        return placed if placed and placed[0].role == "user" else [MINIMAL, *placed]

    def _parts(self, turn: Turn) -> Iterator[Part]:
        is_own = turn.role == "assistant"
        by_budget = is_own and self._traits.thinking == "budget"
        for part in _thoughts_first(turn.parts) if by_budget else turn.parts:
            fitting = self._own(part) if is_own else self._shown(part)
            if fitting is not None:
                yield fitting

    def _own(self, part: Part) -> Part | None:
        """What the assistant said; its thoughts are this vendor's by now."""
        match part:
            case Text(text) | Refusal(text):
                return part if text.strip() else None
            case Reasoning() | ToolCall():
                return part
            case _:
                self._losses.drop_part(part)
                return None

    def _shown(self, part: Part) -> Part | None:
        match part:
            case Text(text):
                return part if text.strip() else None
            case Image():
                return fitting_image(part, self._traits)
            case Document():
                return fitting_document(part)
            case Audio():
                raise refuse("input_audio", "is not taken by this backend")
            case ToolResult():
                return replace(part, parts=tuple(self._result(part)))
            case _:
                self._losses.drop_part(part)
                return None

    def _result(self, result: ToolResult) -> Iterator[ResultPart]:
        """What is not understood is kept as its JSON, for a result must not be lost."""
        for part in result.parts:
            match part:
                case Text(text):
                    if text.strip():
                        yield part
                case Image():
                    yield fitting_image(part, self._traits)
                case Document():
                    yield fitting_document(part)
                case OpaquePart(origin):
                    yield Text(json_text(origin))


def written_turns(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """The messages of turns that fit."""
    return [{"role": turn.role, "content": written_blocks(turn.parts)} for turn in turns]


def _thoughts_first(parts: Sequence[Part]) -> list[Part]:
    """A turn that begins with its first thoughts, as the model gave it: some clients hand them back
    behind what was said."""
    first = next((n for n, part in enumerate(parts) if isinstance(part, Reasoning)), 0)
    end = first
    while end < len(parts) and isinstance(parts[end], Reasoning):
        end += 1
    return [*parts[first:end], *parts[:first], *parts[end:]]


def _placed(turns: Sequence[Turn]) -> Iterator[Turn]:
    """System turns where they are legal: after the user's, before the assistant's or at the end.
    Elsewhere their text is the user's."""
    for place, turn in enumerate(turns):
        if turn.role != "system":
            yield turn
            continue
        before = turns[place - 1].role if place else None
        after = turns[place + 1].role if place + 1 < len(turns) else "assistant"
        is_text = all(isinstance(part, Text) for part in turn.parts)
        is_legal = is_text and before == "user" and after == "assistant"
        yield turn if is_legal else Turn("user", turn.parts)
