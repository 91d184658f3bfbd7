"""How much of what a caller may ask for is left, for other stages to tell."""

from llm_proxy.pipeline.exchange import Fact
from llm_proxy.pipeline.record import record


@record
class Limit:
    """So much of something in a window of `seconds`, or at once (0), and how much is left of it by
    now."""

    name: str
    most: float
    left: float
    seconds: float


LIMITS = Fact[tuple[Limit, ...]]("limits")
"""What stages before have found; each adds its own."""
