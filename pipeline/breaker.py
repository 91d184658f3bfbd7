"""The circuit breaker of one target: who fails again and again is left alone for a while.

After M. Nygard's "Release It!": closed, all requests pass; open, none does; half-open, one passes
to see whether the target is well again.
"""

from typing import Literal

from llm_proxy.pipeline.record import record

State = Literal["closed", "cooling", "open", "half-open"]

PROBE_TAKES = 1.0
"""Seconds after which it is worth asking again how a probe went."""

_AS_GOOD_AS_EQUAL = 0.05
"""Seconds, by which the clocks of two machines may differ at least."""

_LONGEST_COOLING = 3600.0
_MOST_DOUBLINGS = 4


@record
class BreakerLimits:
    """How many failures in a row open a circuit, and for how many seconds at first; each time that
    the probe fails too it is twice as long, up to sixteen times."""

    failures: int = 5
    cooldown: float = 30.0


class Breaker:
    """Every method gets the time, in seconds of any one clock. `cooling` is a wait that the target
    itself has asked for, after which all may come.

    While it is `well` nothing is held against the target: all may pass, and that one more has been
    answered is no news.
    """

    __slots__ = (
        "_cooling_until",
        "_failures",
        "_open_until",
        "_probing",
        "_told",
        "_trips",
        "well",
    )

    def __init__(self) -> None:
        self.well = True
        self._failures = 0
        self._trips = 0
        self._open_until: float | None = None
        self._cooling_until = 0.0
        self._probing = False
        self._told = False

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

    def left(self, now: float) -> tuple[float, float]:
        """Seconds for which it stays open, and cooling; 0 if it is not."""
        opened = 0.0 if self._open_until is None else max(0.0, self._open_until - now)
        return opened, max(0.0, self._cooling_until - now)

    def hear(self, now: float, opened: float, cooling: float) -> None:
        """Another process has found it open, and cooling, for so many seconds more."""
        if cooling:
            self.cool(now, cooling)
        if opened > self.left(now)[0] + _AS_GOOD_AS_EQUAL:
            self._open_until, self._told, self.well = now + opened, True, False
            self._trips = max(self._trips, 1)

    def hear_that_it_is_well(self) -> None:
        """Whoever had found it open has found it closed again; what was found here stays."""
        if self._told:
            self._open_until, self._told = None, False
            self._failures = self._trips = 0

    def enter(self, now: float) -> bool:
        """A request passes; whether it is the probe."""
        probe = self.state(now) == "half-open" and not self._probing
        self._probing = self._probing or probe
        return probe

    def cool(self, now: float, seconds: float) -> None:
        """Let nobody pass for so long; a shorter wait never shortens a longer one."""
        until = now + min(seconds, _LONGEST_COOLING)
        self._cooling_until = max(self._cooling_until, until)
        self.well = False

    def fail(self, now: float, limits: BreakerLimits, *, probe: bool) -> None:
        """A request has failed, and the target is to blame."""
        self._failures += 1
        self.well = False
        if probe or (self._open_until is None and self._failures >= limits.failures):
            doublings = min(self._trips, _MOST_DOUBLINGS)
            self._open_until, self._told = now + limits.cooldown * 2**doublings, False
            self._trips += 1
        self.leave(probe=probe)

    def answer(self, limits: BreakerLimits, *, probe: bool) -> None:
        """The target has begun to answer. After a probe all may come, but one failure is enough to
        open the circuit again before an answer has come to its end."""
        if probe:
            self._open_until, self._told = None, False
            self._failures = limits.failures - 1
        self.leave(probe=probe)

    def succeed(self, now: float) -> None:
        """An answer is complete."""
        if self._open_until is None:
            self._failures = self._trips = 0
            self.well = now >= self._cooling_until and not self._probing

    def leave(self, *, probe: bool) -> None:
        """A request is gone, and nothing was learned."""
        if probe:
            self._probing = False
