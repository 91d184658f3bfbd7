"""One request on its way through its targets."""

import logging

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.stages.failover.attempts import Attempts, Means
from llm_proxy.stages.failover.course import NobodyThere
from llm_proxy.stages.failover.repetitions import Repetitions

_log = logging.getLogger(__name__)


class Journeys:
    """Has attempts made until one target of their course begins to answer."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def answer(self, exchange: Exchange, attempts: Attempts) -> Reply:
        """The first answer that begins; raises the error of the last attempt."""
        retries = self._means.retries
        retries.requests += 1
        try:
            try:
                return await attempts.make(exchange)
            except ProxyError as error:
                if not self.is_mendable(error):
                    raise
                first = error
            # Most requests need no second attempt and do not pay for what it takes.
            repetitions = Repetitions(self._means, attempts, self.is_mendable)
            return await repetitions.answer(exchange, first)
        finally:
            retries.requests -= 1

    async def go_on(
        self, exchange: Exchange, attempts: Attempts, request: ChatRequest, error: ProxyError
    ) -> Reply:
        """An answer to `request`, now that the one under way broke with `error`. The time begins
        anew, the number of tries does not."""
        broken, course = attempts.latest, attempts.course
        assert broken is not None  # noqa: S101 - an answer was under way
        course.failed(broken, error)
        course.deadline = self._means.kit.clock() + self._means.options.total_timeout
        if not course.may_try:
            raise error
        extra = {"request_id": exchange.id, "target": str(broken.target), "error": error.for_log}
        _log.warning("an answer broke, another target is asked to go on", extra=extra)
        reply = await self.answer(exchange.with_request(request), attempts)
        notes = exchange.trace.notes
        notes["resumed"] = notes.get("resumed", 0) + 1
        return reply

    def is_mendable(self, error: BaseException) -> bool:
        """Whether there may be something better to do than to tell the client."""
        if isinstance(error, NobodyThere):
            return True
        fault = error.fault if isinstance(error, ProxyError) else None
        return fault is not None and self._means.options.reaction(fault) != "tell"
