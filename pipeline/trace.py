"""What happened to one request: the record behind the log line and the answer's headers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the name of a backend and the name of a model there."""

    backend: str
    model: str

    def __str__(self) -> str:
        return f"{self.backend}:{self.model}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a backend. `outcome` is "ok" or the error's message; `seconds` to its head."""

    target: Target
    outcome: str
    seconds: float


def _never() -> bool:
    return False


@dataclass(slots=True)
class Trace:
    """Append-only, and the one thing that the stages of an exchange share.

    `stages` holds each call of a stage, innermost first: its name and the seconds spent in it, up
    to the answer's head and without what it called. `notes` holds what a stage found out and the
    log should tell.
    """

    stages: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    warnings: list[str] = field(default_factory=list[str])
    notes: dict[str, Any] = field(default_factory=dict[str, Any])

    timed_out: Callable[[], bool] = _never
    """Whether the time for the whole request is over: then a cancellation is not the client's."""

    inner_seconds: float = 0.0
    """The time of the calls made so far by the stage that is being timed."""

    def own_seconds(self) -> dict[str, float]:
        """Each stage's own time, in the order of the chain; a stage called twice is summed."""
        own: dict[str, float] = {}
        for name, seconds in reversed(self.stages):
            own[name] = own.get(name, 0.0) + seconds
        return own
