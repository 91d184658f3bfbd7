"""One request on its way through its targets."""

import logging
from functools import partial
from math import inf

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.stages.failover.attempts import Attempts, Means
from llm_proxy.stages.failover.course import Course, NobodyThere

_log = logging.getLogger(__name__)


class Journey:
    """Makes attempts until one target of `course` begins to answer."""

    def __init__(self, means: Means, course: Course, attempts: Attempts) -> None:
        options = means.options
        self._options = options
        self._kit = means.kit
        self._retries = means.retries
        self._course = course
        self._attempts = attempts
        self._repeating = False
        self._backoff = means.backoff

    async def answer(self, exchange: Exchange) -> Reply:
        """The first answer that begins; raises the error of the last attempt."""
        with self._retries.request():
            try:
                return await self._attempts.make(exchange)
            except ProxyError as error:
                if not self.is_mendable(error):
                    raise
                first = error
            try:
                return await self._further(exchange, first)
            finally:
                self._end_repetition()

    async def go_on(self, exchange: Exchange, request: ChatRequest, error: ProxyError) -> Reply:
        """An answer to `request`, now that the one under way broke with `error`. The time begins
        anew, the number of tries does not."""
        broken = self._attempts.latest
        assert broken is not None  # noqa: S101 - an answer was under way
        self._course.failed(broken, error)
        self._course.deadline = self._kit.clock() + self._options.total_timeout
        if not self._course.may_try:
            raise error
        extra = {"request_id": exchange.id, "target": str(broken.target), "error": error.for_log}
        _log.warning("an answer broke, another target is asked to go on", extra=extra)
        reply = await self.answer(exchange.with_request(request))
        notes = exchange.trace.notes
        notes["resumed"] = notes.get("resumed", 0) + 1
        return reply

    def is_mendable(self, error: BaseException) -> bool:
        """Whether there may be something better to do than to tell the client."""
        if isinstance(error, NobodyThere):
            return True
        fault = error.fault if isinstance(error, ProxyError) else None
        return fault is not None and self._options.reaction(fault) != "tell"

    async def _further(self, exchange: Exchange, first: ProxyError) -> Reply:
        """The attempts after the first one, whose error stands for tenacity's first round: most
        requests need no second and do not pay for the machinery."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(self.is_mendable),
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
