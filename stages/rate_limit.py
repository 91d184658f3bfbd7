"""How much a caller may ask for."""

from aiolimiter import AsyncLimiter
from cachetools import LRUCache
from pydantic import Field

from llm_proxy.pipeline.errors import RateLimited
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.limits import LIMITS, Limit
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Kit, Next, Stage, StageOptions
from llm_proxy.pipeline.values import Seconds

_MOST_CALLERS = 10_000


class RateLimitOptions(StageOptions):
    """Options of `rate_limit`."""

    default_limit: int = Field(default=60, ge=1, description="Requests at once, per caller.")
    time_window: Seconds = Field(default=60.0, description="In which as many are given again.")


class _Bucket(AsyncLimiter):
    """A leaky bucket that also tells how long it stays full."""

    def left(self) -> int:
        """Requests that may be made at once by now."""
        self._leak()
        return max(0, int(self.max_rate - self._level))

    def seconds_until_free(self) -> float:
        return (self._level + 1 - self.max_rate) * self.time_period / self.max_rate


class RateLimit(Stage[RateLimitOptions]):
    """Lets each caller make `default_limit` requests at once, and then one more each time that
    `time_window / default_limit` has passed; 429 with `Retry-After` beyond it."""

    Options = RateLimitOptions
    requires = frozenset({"caller"})

    def __init__(self, options: RateLimitOptions, kit: Kit) -> None:
        super().__init__(options, kit)
        self._buckets: LRUCache[str, _Bucket] = LRUCache(_MOST_CALLERS)

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        caller = exchange.caller.id if exchange.caller else "anonymous"
        bucket = self._buckets.get(caller)
        if bucket is None:
            bucket = _Bucket(self.options.default_limit, self.options.time_window)
            self._buckets[caller] = bucket
        if not bucket.has_capacity():
            raise RateLimited(
                f"over {self.options.default_limit} requests in {self.options.time_window:g} s",
                limit=self.options.default_limit,
                retry_after=bucket.seconds_until_free(),
            )
        await bucket.acquire()
        left = bucket.left()
        self.tell(exchange, f"{left} of {self.options.default_limit} requests left")
        limit = Limit("requests", self.options.default_limit, left, self.options.time_window)
        exchange = exchange.knowing(LIMITS, (*(exchange.fact(LIMITS) or ()), limit))
        return await call_next(exchange)
