"""How much a caller may ask for."""

from pydantic import Field

from llm_proxy.pipeline.errors import RateLimited
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.limits import LIMITS, Limit
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Next, Stage, StageOptions
from llm_proxy.pipeline.state.charges import Charge
from llm_proxy.pipeline.values import Seconds


class RateLimitOptions(StageOptions):
    """Options of `rate_limit`."""

    default_limit: int = Field(default=60, ge=1, description="Requests at once, per caller.")
    time_window: Seconds = Field(default=60.0, description="In which as many are given again.")


class RateLimit(Stage[RateLimitOptions]):
    """Lets each caller make `default_limit` requests at once, and then one more each time that
    `time_window / default_limit` has passed; 429 with `Retry-After` beyond it. Where state is
    shared, all replicas count together."""

    Options = RateLimitOptions
    requires = frozenset({"caller"})

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        most, window = self.options.default_limit, self.options.time_window
        caller = exchange.caller.id if exchange.caller else "anonymous"
        charge = Charge(f"{self.kit.stage}:{caller}", most, window)
        (standing,) = await self.kit.store.take([charge])
        if standing.wait:
            raise RateLimited(
                f"over {most} requests in {window:g} s",
                limit=most,
                retry_after=standing.wait,
                reset=standing.reset,
            )
        left = int(standing.left)
        self.tell(exchange, f"{left} of {most} requests left")
        limit = Limit("requests", most, left, window)
        exchange = exchange.knowing(LIMITS, (*(exchange.fact(LIMITS) or ()), limit))
        return await call_next(exchange)
