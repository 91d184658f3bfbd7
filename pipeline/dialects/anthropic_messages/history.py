"""Earlier thoughts in a conversation, as a vendor of this dialect takes them back.

A thought is signed, and the signature covers what was thought before: thoughts may be taken away
from the front of a conversation and never from its middle. So where one cannot be sent, for another
vendor has signed it or nobody has, all before it go too.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.seals import FOREIGN, fits, without_foreign_seals
from llm_proxy.pipeline.dialects.turns import Turn
from llm_proxy.pipeline.parts import Part, Reasoning, ToolCall
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import ChatRequest, Message

UNSIGNED = "unsigned reasoning"
EARLIER = "reasoning before that of another vendor"

Place = tuple[int, int]
"""A message's number, and a part's number in it."""

_NOWHERE: Place = (-1, -1)


def with_sendable_thinking(
    request: ChatRequest, maker: str, losses: Losses, *, keeps_unsigned: bool = False
) -> ChatRequest:
    """The request with those thoughts alone that this vendor takes; the same one where that is
    all of them. `keeps_unsigned` leaves alone what a client of this dialect has brought without a
    signature, for servers that sign nothing."""
    rule = _Rule(maker, keeps_unsigned)
    last = rule.last_lost(request.messages)
    messages: list[Message] = []
    is_same = True
    for place, message in enumerate(request.messages):
        kept = [
            part
            for n, part in enumerate(message.parts)
            if not isinstance(part, Reasoning) or rule.stays(part, (place, n), last, losses)
        ]
        if len(kept) == len(message.parts):
            messages.append(message)
            continue
        is_same = False
        if kept:
            messages.append(message.with_parts(kept))
    if not is_same:
        request = replace(request, messages=messages)
    return without_foreign_seals(request, NAME, maker, losses)


@record
class _Rule:
    """What one vendor takes."""

    maker: str
    keeps_unsigned: bool

    def stays(self, part: Reasoning, place: Place, last: Place, losses: Losses) -> bool:
        """Whether a thought may be sent, where the last that may not stands at `last`."""
        if part.seal is None:
            if self._is_kept_unsigned(part):
                return True
            if part.text and place <= last:
                losses.drop(UNSIGNED)
            return False
        if not self._fits(part):
            losses.drop(FOREIGN)
            return False
        if place < last:
            losses.drop(EARLIER)
            return False
        return True

    def last_lost(self, messages: Sequence[Message]) -> Place:
        """Where the last thought stands that cannot be sent."""
        for place in range(len(messages) - 1, -1, -1):
            parts = messages[place].parts
            # Beside its signature a text without one is the same thought, told twice.
            is_signed = any(isinstance(part, Reasoning) and self._fits(part) for part in parts)
            for n in range(len(parts) - 1, -1, -1):
                if self._is_lost(parts[n], is_signed=is_signed):
                    return place, n
        return _NOWHERE

    def _is_lost(self, part: Part, *, is_signed: bool) -> bool:
        if isinstance(part, Reasoning) and part.seal is None:
            return not is_signed and not self._is_kept_unsigned(part)
        if isinstance(part, Reasoning | ToolCall) and part.seal is not None:
            return not self._fits(part)
        return False

    def _is_kept_unsigned(self, part: Reasoning) -> bool:
        return self.keeps_unsigned and part.origin is not None

    def _fits(self, part: Reasoning | ToolCall) -> bool:
        return fits(part.seal, NAME, self.maker)


def calls_without_thinking(turns: Sequence[Message | Turn]) -> bool:
    """Whether the last turn of the assistant's that calls tools does not begin with a thought,
    which a model that is to think by a budget refuses."""
    runs = [list(run) for is_own, run in groupby(turns, _is_own) if is_own]
    for run in reversed(runs):
        parts = [part for turn in run for part in turn.parts]
        if any(isinstance(part, ToolCall) for part in parts):
            return not isinstance(parts[0], Reasoning)
    return False


def _is_own(turn: Message | Turn) -> bool:
    return turn.role == "assistant"
