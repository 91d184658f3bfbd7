"""Figures out of samples."""

import math
from collections.abc import Sequence


def percentile(samples: Sequence[float], share: float) -> float:
    """The least of the samples that `share` per cent of them do not exceed (nearest rank)."""
    ranked = sorted(samples)
    return ranked[max(math.ceil(len(ranked) * share / 100) - 1, 0)]


def spread(samples: Sequence[float]) -> float:
    """How many times as much as the least the largest is."""
    return max(samples) / min(samples)
