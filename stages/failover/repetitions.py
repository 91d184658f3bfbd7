"""What is done after a first attempt has failed: the other targets, waits, the same once more."""

import logging
from collections.abc import Callable
from functools import partial
from math import inf

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.stages.failover.attempts import Attempts, Means
from llm_proxy.stages.failover.course import NobodyThere

_log = logging.getLogger(__name__)


class Repetitions:
    """Goes on with `attempts` while their errors are such that `is_mendable`."""

    def __init__(
        self, means: Means, attempts: Attempts, is_mendable: Callable[[BaseException], bool]
    ) -> None:
        self._kit = means.kit
        self._retries = means.retries
        self._backoff = means.backoff
        self._attempts = attempts
        self._course = attempts.course
        self._is_mendable = is_mendable
        self._repeating = False

    async def answer(self, exchange: Exchange, first: ProxyError) -> Reply:
        """The first answer that begins, now that an attempt has failed with `first`; raises the
        error of the last one."""
        try:
            return await self._further(exchange, first)
        finally:
            self._end_repetition()

    async def _further(self, exchange: Exchange, first: ProxyError) -> Reply:
        """The attempts after the first one, whose error stands for tenacity's first round."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(self._is_mendable),
            wait=self._wait,
            stop=self._is_over,
            sleep=self._kit.sleep,
            before_sleep=partial(self._tell, exchange),
            reraise=True,
        ):
            with attempt:
                if attempt.retry_state.attempt_number == 1:
                    raise first
                try:
                    return await self._attempts.make(exchange)
                finally:
                    self._end_repetition()
        raise AssertionError("tenacity neither returned nor raised")

    def _wait(self, state: RetryCallState) -> float:
        """Seconds until the next attempt: none, if another target can be asked at once, and for
        ever, if there is none but for repetitions, of which there are too many. Who has only waited
        has no reason to wait longer."""
        course = self._course
        if course.next_is_repeated() and not self._begin_repetition():
            course.move_on()
            if course.next_is_repeated():
                return inf
        seconds = course.seconds_until_next()
        has_failed = not isinstance(_error_in(state), NobodyThere)
        return max(seconds, self._backoff(state)) if has_failed and self._repeating else seconds

    def _is_over(self, state: RetryCallState) -> bool:
        return not self._course.may_try or state.upcoming_sleep >= self._course.seconds_left

    def _begin_repetition(self) -> bool:
        self._repeating = self._retries.begin()
        return self._repeating

    def _end_repetition(self) -> None:
        if self._repeating:
            self._repeating = False
            self._retries.end()

    def _tell(self, exchange: Exchange, state: RetryCallState) -> None:
        error = _error_in(state)
        latest = self._attempts.latest
        if isinstance(error, NobodyThere):
            message, target = "every target is being left alone, waiting for the first", None
        else:
            message, target = "attempt failed, trying again", latest and str(latest.target)
        extra = {
            "request_id": exchange.id,
            "target": target,
            "error": error.for_log if isinstance(error, ProxyError) else None,
            "wait_ms": round(state.upcoming_sleep * 1000),
        }
        _log.warning(message, extra=extra)


def _error_in(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
