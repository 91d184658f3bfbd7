"""Which targets a model's name stands for, tried in order until one answers."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_any,
)
from tenacity.stop import stop_base

from llm_proxy.pipeline.config_file import Place
from llm_proxy.pipeline.errors import ProxyError, Unavailable, UpstreamError, UpstreamTimeout
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.registry import did_you_mean
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Next, Stage, StageOptions, Surroundings
from llm_proxy.pipeline.trace import Target
from llm_proxy.pipeline.values import Seconds

_log = logging.getLogger(__name__)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AttemptOptions(_Table):
    """One target of a route."""

    backend: str
    model: str


class RouteOptions(_Table):
    """The targets a model's name stands for."""

    attempts: tuple[AttemptOptions, ...] = Field(min_length=1)


class FailoverOptions(StageOptions):
    """Options of `failover`."""

    routes: Mapping[str, RouteOptions] = Field(
        default_factory=dict[str, RouteOptions],
        description="Model name → the targets to try, in order.",
    )
    first_event_timeout: Seconds = Field(
        default=60.0,
        description="For one attempt, until its first content. A whole answer has none before its "
        "end, so where no other target is left it has all the time there is.",
    )
    between_events_timeout: Seconds = Field(
        default=120.0, description="The longest silence inside a streamed answer."
    )
    total_timeout: Seconds = Field(default=300.0, description="For all attempts together.")
    resume: Literal[False] = Field(
        default=False, description="Going on after a broken stream; not in this version."
    )

    def problems(self, surroundings: Surroundings) -> Iterator[tuple[Place, str]]:
        known = sorted(surroundings.backends)
        for name, route in self.routes.items():
            for position, attempt in enumerate(route.attempts):
                if attempt.backend not in surroundings.backends:
                    hint = did_you_mean(attempt.backend, known)
                    place = ("routes", name, "attempts", position, "backend")
                    yield place, f'no backend named "{attempt.backend}"{hint}'


class Failover(Stage[FailoverOptions]):
    """Sends a request to its route's targets in order until one begins to answer.

    An answer that has shown content is never given up for another: what breaks after that is told
    to the client. What the client got wrong is not tried again elsewhere.
    """

    Options = FailoverOptions

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        deadline = self.kit.clock() + self.options.total_timeout
        route = None if exchange.target else self.options.routes.get(exchange.request.model)
        if route is None:
            return await self._attempt(exchange, call_next, deadline, is_last=True)
        targets = [Target(attempt.backend, attempt.model) for attempt in route.attempts]

        def move_on(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            told = error.for_log if isinstance(error, ProxyError) else repr(error)
            _log.warning(
                "attempt failed, trying the next target",
                extra={
                    "request_id": exchange.id,
                    "target": str(targets[state.attempt_number - 1]),
                    "error": told,
                },
            )

        async for attempt in AsyncRetrying(
            stop=stop_any(
                stop_after_attempt(len(targets)), _PastDeadline(self.kit.clock, deadline)
            ),
            retry=retry_if_exception(_another_may_do_better),
            sleep=self.kit.sleep,
            before_sleep=move_on,
            reraise=True,
        ):
            with attempt:
                number = attempt.retry_state.attempt_number
                there, is_last = exchange.at(targets[number - 1]), number == len(targets)
                return await self._attempt(there, call_next, deadline, is_last=is_last)
        raise AssertionError("tenacity neither returned nor raised")

    async def _attempt(
        self, exchange: Exchange, call_next: Next, deadline: float, *, is_last: bool
    ) -> Reply:
        limit = deadline - self.kit.clock()
        if exchange.request.stream or not is_last:
            limit = min(limit, self.options.first_event_timeout)
        try:
            async with asyncio.timeout(limit):
                reply = await call_next(exchange)
        except TimeoutError:
            raise UpstreamTimeout(f"the backend gave no answer within {limit:.3g} s") from None
        return reply.limit_gaps(self.options.between_events_timeout)


class _PastDeadline(stop_base):
    """Stops once the time for all attempts is over, by the clock that tests control."""

    def __init__(self, clock: Callable[[], float], deadline: float) -> None:
        self._clock = clock
        self._deadline = deadline

    def __call__(self, retry_state: RetryCallState) -> bool:
        return self._clock() >= self._deadline


def _another_may_do_better(error: BaseException) -> bool:
    if isinstance(error, UpstreamError):
        return error.retryable
    return isinstance(error, Unavailable)
