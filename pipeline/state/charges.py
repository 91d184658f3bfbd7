"""What a request takes of its limits, and how they stand then.

A limit is a leaky bucket: what is taken raises its level, which sinks evenly, and nothing more is
let in that would raise it above the brim. This is the generic cell rate algorithm (GCRA) of ITU-T
I.371, in that of its two equal forms that is called "continuous-state leaky bucket"; it needs one
number for each limit, and has no edges of windows at which twice as much would pass.

What a request will come to is not always known before its end. Such a charge is held: reserved
under a lease, it counts in full and does not sink, until it is settled with what it has come to or
nobody keeps the lease. What is in flight is only ever held: its limit has no window.
"""

from collections.abc import Sequence
from itertools import repeat
from operator import attrgetter

from llm_proxy.pipeline.record import record

_WAIT = attrgetter("wait")

SLOT_WAIT = 1.0
"""Seconds after which to ask for a slot again; when the next request ends cannot be known."""


@record
class Lease:
    """Under which id things are held for one request, and for how many seconds unless kept."""

    id: str
    seconds: float


@record
class Charge:
    """What is to be taken of one limit: `cost` of `most`, as many as there are at once, which are
    given again, evenly, in `window` seconds; never, if that is 0. A cost is never above `most`.
    `key` says whose limit it is; for another `most` or `window` it is another limit. If it
    `is_held`, that is only until it is settled.
    """

    key: str
    most: float
    window: float
    cost: float = 1
    is_held: bool = False

    @property
    def name(self) -> str:
        """What the limit is kept under."""
        return f"{self.most}/{self.window}:{self.key}"


@record
class Standing:
    """What is `left` of a limit; in how many seconds what was refused could be had (`wait`), 0 if
    this limit refused nothing; and in how many all of it is there again (`reset`)."""

    left: float
    wait: float
    reset: float


def all_fit(charges: Sequence[Charge], levels: Sequence[float]) -> bool:
    """Whether limits at these levels let all the charges in; raises `ValueError` where there is not
    a level for each, which `map` would pass over."""
    if len(charges) != len(levels):
        raise ValueError(f"{len(charges)} charges and {len(levels)} levels")
    return not any(map(_is_over, charges, levels))


def _is_over(charge: Charge, level: float) -> bool:
    return level + charge.cost > charge.most


def standings(charges: Sequence[Charge], levels: Sequence[float]) -> list[Standing]:
    """How limits stand that were at these levels, now that all charges were taken, or none was."""
    # Most requests have one charge, for which `zip(…, strict=True)` costs as much as all the rest.
    return list(map(_standing, charges, levels, repeat(all_fit(charges, levels))))


def granted(found: Sequence[Standing]) -> bool:
    """Whether all was taken of limits that stand so."""
    return not any(map(_WAIT, found))


def _standing(charge: Charge, level: float, taken: bool) -> Standing:  # noqa: FBT001 - for `map`
    most, window = charge.most, charge.window
    asked = level + charge.cost
    after = asked if taken else level
    left = most - after if after < most else 0.0
    if not window:
        return Standing(left, SLOT_WAIT if asked > most else 0.0, SLOT_WAIT if after > 0 else 0.0)
    unit = window / most
    return Standing(left, (asked - most) * unit if asked > most else 0.0, after * unit)
