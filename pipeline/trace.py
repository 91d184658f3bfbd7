"""What happened to one request: the record behind the log line and the answer's headers."""

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


@dataclass(slots=True)
class Trace:
    """Append-only, and the one thing that the stages of an exchange share.

    `stages` holds, innermost first, each stage's name and the seconds spent in it with all that it
    called, up to the answer's head. `notes` holds what a stage found out and the log should tell.
    """

    stages: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    warnings: list[str] = field(default_factory=list[str])
    notes: dict[str, Any] = field(default_factory=dict[str, Any])

    def own_seconds(self) -> dict[str, float]:
        """Each stage's own time, in the order of the chain; a stage called twice is summed."""
        inclusive: dict[str, float] = {}
        for name, seconds in self.stages:
            inclusive[name] = inclusive.get(name, 0.0) + seconds
        own: dict[str, float] = {}
        inner = 0.0
        for name, seconds in inclusive.items():
            own[name] = max(0.0, seconds - inner)
            inner = seconds
        return dict(reversed(own.items()))
