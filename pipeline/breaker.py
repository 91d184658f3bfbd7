"""The circuit breaker of one target: who fails again and again is left alone for a while.

After M. Nygard's "Release It!": closed, all requests pass; open, none does; half-open, one passes
to see whether the target is well again.
"""

from dataclasses import dataclass
from typing import Literal

State = Literal["closed", "cooling", "open", "half-open"]

PROBE_TAKES = 1.0
"""Seconds after which it is worth asking again how a probe went."""

_LONGEST_COOLING = 3600.0
_MOST_DOUBLINGS = 4


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """How many failures in a row open a circuit, and for how many seconds at first; each time that
    the probe fails too it is twice as long, up to sixteen times."""

    failures: int = 5
    cooldown: float = 30.0


class Breaker:
    """Every method gets the time, in seconds of any one clock. `cooling` is a wait that the target
    itself has asked for, after which all may come."""

    __slots__ = ("_cooling_until", "_failures", "_open_until", "_probing", "_trips")

    def __init__(self) -> None:
        self._failures = 0
        self._trips = 0
        self._open_until: float | None = None
        self._cooling_until = 0.0
        self._probing = False

    def state(self, now: float) -> State:
        """What it is now."""
        if self._open_until is not None:
            return "open" if now < self._open_until else "half-open"
        return "cooling" if now < self._cooling_until else "closed"

    def wait(self, now: float) -> float:
        """Seconds until a request may pass; 0 if one may now."""
        if self._open_until is None:
            return max(0.0, self._cooling_until - now)
        until = max(self._open_until, self._cooling_until)
        return until - now if now < until else PROBE_TAKES if self._probing else 0.0

    def enter(self, now: float) -> bool:
        """A request passes; whether it is the probe."""
        probe = self.state(now) == "half-open" and not self._probing
        self._probing = self._probing or probe
        return probe

    def cool(self, now: float, seconds: float) -> None:
        """Let nobody pass for so long; a shorter wait never shortens a longer one."""
        until = now + min(seconds, _LONGEST_COOLING)
        self._cooling_until = max(self._cooling_until, until)

    def fail(self, now: float, limits: BreakerLimits, *, probe: bool) -> None:
        """A request has failed, and the target is to blame."""
        self._failures += 1
        if probe or (self._open_until is None and self._failures >= limits.failures):
            doublings = min(self._trips, _MOST_DOUBLINGS)
            self._open_until = now + limits.cooldown * 2**doublings
            self._trips += 1
        self.leave(probe=probe)

    def answer(self, limits: BreakerLimits, *, probe: bool) -> None:
        """The target has begun to answer. After a probe all may come, but one failure is enough to
        open the circuit again before an answer has come to its end."""
        if probe:
            self._open_until = None
            self._failures = limits.failures - 1
        self.leave(probe=probe)

    def succeed(self) -> None:
        """An answer is complete."""
        if self._open_until is None:
            self._failures = self._trips = 0

    def leave(self, *, probe: bool) -> None:
        """A request is gone, and nothing was learned."""
        if probe:
            self._probing = False
