"""What a request takes of its limits, and how they stand then.

A limit is a leaky bucket: what is taken raises its level, which sinks evenly, and nothing more is
let in that would raise it above the brim. This is the generic cell rate algorithm (GCRA) of ITU-T
I.371, in that of its two equal forms that is called "continuous-state leaky bucket"; it needs one
number for each limit, and has no edges of windows at which twice as much would pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be taken of one limit: `cost` of `most`, as many as there are at once, which are
    given again, evenly, in `window` seconds. A cost is never above `most`. `key` says whose limit
    it is; for another `most` or `window` it is another limit.
    """

    key: str
    most: int
    window: float
    cost: float = 1

    @property
    def name(self) -> str:
        """What the limit is kept under."""
        return f"{self.most}/{self.window}:{self.key}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is `left` of a limit; in how many seconds what was refused could be had (`wait`), 0 if
    this limit refused nothing; and in how many all of it is there again (`reset`)."""

    left: float
    wait: float
    reset: float


def fits(charge: Charge, level: float) -> bool:
    """Whether a limit at this level lets the charge in."""
    return level + charge.cost <= charge.most


def standings(charges: Sequence[Charge], levels: Sequence[float]) -> list[Standing]:
    """How limits stand that were at these levels, now that all charges were taken, or none was."""
    taken = 1 if all(map(fits, charges, levels)) else 0
    return [
        _standing(charge, level, level + taken * charge.cost)
        for charge, level in zip(charges, levels, strict=True)
    ]


def _standing(charge: Charge, before: float, after: float) -> Standing:
    unit = charge.window / charge.most
    wait = max(0.0, (before + charge.cost - charge.most) * unit)
    return Standing(max(0.0, charge.most - after), wait, after * unit)
