"""Stops an answer that repeats itself without end."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from pydantic import Field, model_validator

from llm_proxy.pipeline.events import End, Event, Finish, ReasoningDelta, TextDelta
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Next, Stage, StageOptions

_log = logging.getLogger(__name__)

NOTICE = "\n\n[llm-proxy stopped this answer: it was repeating itself]"

_STRIDE = 64
_ANCHOR = 32
_CANDIDATES = 16


class LoopDetectionOptions(StageOptions):
    """Options of `loop_detection`."""

    enabled: bool = Field(default=True, description="Whether answers are watched.")
    min_repeats: int = Field(default=5, ge=3, description="Rounds before it counts as a loop.")
    min_length: int = Field(
        default=400, ge=100, description="Characters of repetition before it counts as a loop."
    )
    window: int = Field(default=8192, ge=1024, description="Characters looked back upon.")

    @model_validator(mode="after")
    def _can_be_seen(self) -> Self:
        if self.min_length >= self.window:
            raise ValueError("min_length must be below window, or nothing is ever a loop")
        return self


class LoopDetection(Stage[LoopDetectionOptions]):
    """Cuts an answer off, with a notice, when its text or reasoning goes round in circles."""

    Options = LoopDetectionOptions

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        wanted = exchange.session_state.loop_detection
        watches = self.options.enabled if wanted is None else wanted != "off"
        self.tell(exchange, "watches" if watches else "is off")
        reply = await call_next(exchange)
        return reply.through(_Guard(self.options, exchange)) if watches else reply


class _Guard:
    """A step that watches text and reasoning, each for itself."""

    def __init__(self, options: LoopDetectionOptions, exchange: Exchange) -> None:
        self._exchange = exchange
        self._text = RepeatedTail(options)
        self._reasoning = RepeatedTail(options)
        self._stopped = False

    def __call__(self, event: Event) -> Sequence[Event]:
        if self._stopped:
            return ()
        match event:
            case TextDelta(text):
                end = self._text.feed(text)
            case ReasoningDelta(text):
                end = self._reasoning.feed(text)
            case _:
                return (event,)
        if end is None:
            return (event,)
        self._stopped = self._exchange.trace.cut_short = True
        self._exchange.trace.warnings.append("loop_detection: answer stopped")
        _log.warning("loop detected", extra={"request_id": self._exchange.id})
        kept = replace(event, text=text[:end], frame=None)
        return (kept, TextDelta(NOTICE), Finish("stop"), End())


class RepeatedTail:
    """Finds out when the end of a growing text is one piece repeated over and over.

    Every 64 characters, wherever the chunks were cut, the last 32 are looked up in what came
    before; the distance to an earlier place is a possible period, and one comparison of two slices
    tells whether the text has kept to it for long enough. All of it is done by the string type's
    own search, in a bounded window.
    """

    def __init__(self, options: LoopDetectionOptions) -> None:
        self._options = options
        self._tail = ""
        self._until_check = _STRIDE

    def feed(self, text: str) -> int | None:
        """How much of `text` came before the loop was recognised, or None where there is none."""
        position = 0
        while len(text) - position >= self._until_check:
            end = position + self._until_check
            self._tail = (self._tail + text[position:end])[-self._options.window :]
            position, self._until_check = end, _STRIDE
            if self._repeats():
                return position
        self._tail += text[position:]
        self._until_check -= len(text) - position
        return None

    def _repeats(self) -> bool:
        tail = self._tail
        if len(tail) < self._options.min_length:
            return False
        anchor = tail[-_ANCHOR:]
        place = len(tail) - len(anchor)
        for _ in range(_CANDIDATES):
            place = tail.rfind(anchor, 0, place + len(anchor) - 1)
            if place < 0:
                return False
            if self._kept_to(len(tail) - len(anchor) - place):
                return True
        return False

    def _kept_to(self, period: int) -> bool:
        tail = self._tail
        needed = max(self._options.min_length, self._options.min_repeats * period)
        if not any(character.isalnum() for character in tail[-period:]):
            # Rules, blank space and borders of tables are long on purpose.
            needed = min(8 * needed, self._options.window - period)
        return len(tail) >= needed and tail[period - needed :] == tail[-needed:-period]
