"""What an answer has told of itself, and how it ended."""

from collections.abc import Sequence
from typing import Literal

from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    FinishReason,
    TextDelta,
    ToolCallStart,
    Usage,
)

Outcome = Literal["open", "complete", "failed", "abandoned"]

_TELLING = (Usage, Finish, ToolCallStart, End, Failure)

_OPENING = 4096
"""Characters of an answer's text that are its beginning."""


class Told:
    """What is known of an answer by what has been given of it, behind all steps.

    `error` is why it has failed. `usage` and `finish` are the last it has told, `opening` is the
    beginning of its text, in pieces, without white space before it, and `calls` are the ids of its
    tool calls.
    """

    __slots__ = ("_room", "calls", "error", "finish", "opening", "outcome", "usage")

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish: FinishReason | None = None
        self.open_again()

    def open_again(self) -> None:
        """The same answer will be given once more."""
        self.outcome: Outcome = "open"
        self.error: Exception | None = None
        self.opening: list[str] = []
        self.calls: list[str] = []
        self._room = _OPENING

    def learned(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events up to the end, now that what they tell of the answer is noted."""
        for behind, event in enumerate(events, 1):
            if isinstance(event, TextDelta):  # most are
                if self._room > 0:
                    self._hear(event.text)
            elif not isinstance(event, _TELLING):
                pass
            elif isinstance(event, Usage):
                self.usage = event
            elif isinstance(event, Finish):
                self.finish = event.reason
            elif isinstance(event, ToolCallStart):
                self.calls.append(event.id)
            elif isinstance(event, End):
                self.outcome = "complete"
                return events[:behind]
            else:
                self.fail(event.error)
                return events[:behind]
        return events

    def _hear(self, text: str) -> None:
        if kept := text if self.opening else text.lstrip():
            self.opening.append(kept)
            self._room -= len(kept)

    def fail(self, error: Exception) -> None:
        """Note that the answer cannot be given, for a reason that is not among its events."""
        self.outcome, self.error = "failed", error
