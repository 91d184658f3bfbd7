"""How much a caller may ask for."""

from llm_proxy.stages.rate_limit.options import RateLimitOptions
from llm_proxy.stages.rate_limit.stage import RateLimit

__all__ = ["RateLimit", "RateLimitOptions"]
