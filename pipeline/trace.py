"""What happened to one request: the record behind the log line and the answer's headers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from llm_proxy.pipeline.record import new_dict, new_list, record


@record
class Target:
    """Where a request goes: the name of a backend, the name of a model there, and which of the
    backend's keys is used, by its number, where it has several."""

    backend: str
    model: str
    key: str = ""

    @property
    def at_backend(self) -> str:
        """What it is called at its backend: the model, and the key where there are several."""
        return f"{self.model} (key {self.key})" if self.key else self.model

    def __str__(self) -> str:
        name = f"{self.backend}:{self.model}"
        return f"{name} (key {self.key})" if self.key else name


@record
class Attempt:
    """One call of a backend. `outcome` is "ok" or what the log may say of the error, `reason` one
    word for it; `seconds` to its first content."""

    target: Target
    outcome: str
    seconds: float
    reason: str = "ok"


def _never() -> bool:
    return False


@dataclass(slots=True)
class Trace:
    """Append-only but for `judge`, and the one thing that the stages of an exchange share.

    `stages` holds each call of a stage, innermost first: its name and the seconds spent in it, up
    to the answer's head and without what it called. `decisions` holds what stages have decided, by
    their names, and `notes` what a stage found out and the log should tell.
    """

    stages: list[tuple[str, float]] = field(default_factory=new_list)
    attempts: list[Attempt] = field(default_factory=new_list, init=False)
    decisions: list[tuple[str, str]] = field(default_factory=new_list, init=False)
    warnings: list[str] = field(default_factory=new_list, init=False)
    notes: dict[str, Any] = field(default_factory=new_dict, init=False)
    headers: dict[str, str] = field(default_factory=new_dict, init=False)

    cut_short: bool = False
    """Whether a stage has ended the answer before the model had."""

    timed_out: Callable[[], bool] = _never
    """Whether the time for the whole request is over: then a cancellation is not the client's."""

    spent: float = 0.0
    """Seconds of all calls of stages that are over, each without those of the calls in it."""

    def judge(self, target: Target, outcome: str, reason: str) -> None:
        """Say what was wrong with the latest attempt at `target`, where only a stage before knows:
        it was cut off, or its answer was not good enough."""
        for position in reversed(range(len(self.attempts))):
            attempt = self.attempts[position]
            if attempt.target == target:
                self.attempts[position] = Attempt(target, outcome, attempt.seconds, reason)
                return

    def own_seconds(self) -> dict[str, float]:
        """Each stage's own time, in the order of the chain; a stage called twice is summed."""
        own = dict(reversed(self.stages))
        if len(own) == len(self.stages):
            return own
        own = dict.fromkeys(own, 0.0)
        for name, seconds in self.stages:
            own[name] += seconds
        return own
