"""How much of what a caller may ask for is left, for other stages to tell."""

from dataclasses import dataclass

from llm_proxy.pipeline.exchange import Fact


@dataclass(frozen=True, slots=True)
class Limit:
    """So many of something in a window of `seconds`, and how many are left of them by now."""

    name: str
    most: int
    left: int
    seconds: float


LIMITS = Fact[tuple[Limit, ...]]("limits")
"""What stages before have found; each adds its own."""
