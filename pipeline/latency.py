"""How long a target took lately."""

from collections import deque
from math import ceil

_REMEMBERED = 64
_WEIGHT = 0.2


class Latency:
    """Seconds of the last requests: their percentiles, and an average in which the newest count
    most (exponentially weighted, the last one for a fifth)."""

    __slots__ = ("_average", "_samples")

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=_REMEMBERED)
        self._average: float | None = None

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def average(self) -> float | None:
        """None while nothing is known."""
        return self._average

    def add(self, seconds: float) -> None:
        """One more request took so long."""
        self._samples.append(seconds)
        before = seconds if self._average is None else self._average
        self._average = before + _WEIGHT * (seconds - before)

    def percentile(self, percent: float) -> float:
        """The time within which so many of a hundred were there (nearest rank); there must be
        one."""
        ordered = sorted(self._samples)
        return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]
