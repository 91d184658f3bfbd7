"""Figures out of samples."""

import math
from collections.abc import Sequence

_ENOUGH = 3


def percentile(samples: Sequence[float], share: float) -> float:
    """The least of the samples that `share` per cent of them do not exceed (nearest rank)."""
    ranked = sorted(samples)
    return ranked[max(math.ceil(len(ranked) * share / 100) - 1, 0)]


def spread(samples: Sequence[float]) -> float:
    """How many times as much as the least the largest is; without the two outermost, where there
    are enough, for the median does not mind them."""
    ranked = sorted(samples)
    inner = ranked[1:-1] if len(ranked) > _ENOUGH else ranked
    return inner[-1] / inner[0]
