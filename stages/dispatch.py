"""The end of the chain: from a model's name to a backend, and the call."""

import asyncio
import logging
from typing import Any

from llm_proxy.pipeline.backend import Backend
from llm_proxy.pipeline.errors import ProxyError, Unavailable, UpstreamBroken
from llm_proxy.pipeline.events import End, TokenCount
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.stage import Next, Stage, StageOptions
from llm_proxy.pipeline.trace import Attempt, Target

_log = logging.getLogger(__name__)


class Dispatch(Stage[StageOptions]):
    """Sends the request to its target: the one a stage before has set, else the backend that the
    model's name begins with (`openai:gpt-4`), else the default backend."""

    last = True

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        target = exchange.target or self._target(exchange.request.model)
        backend = self.kit.backends.get(target.backend)
        if backend is None:
            why = self.kit.off.get(target.backend)
            raise Unavailable(
                f'the backend "{target.backend}" is off: {why}'
                if why
                else f'there is no backend "{target.backend}"',
                code="backend_off",
            )
        clock, attempts = self.kit.clock, exchange.trace.attempts
        began = clock()
        try:
            reply = await self._ask(backend, exchange, target)
        except ProxyError as error:
            attempts.append(Attempt(target, error.for_log, clock() - began))
            raise
        except Exception as error:
            # A defect of a backend is a failure like any other: another target may do better.
            _log.exception("a backend broke", extra={"request_id": exchange.id})
            broken = UpstreamBroken(f'the backend "{target.backend}" is broken')
            attempts.append(Attempt(target, type(error).__name__, clock() - began))
            raise broken from error
        except asyncio.CancelledError:
            attempts.append(Attempt(target, "cancelled", clock() - began))
            raise
        attempts.append(Attempt(target, "ok", clock() - began))
        exchange.trace.warnings.extend(reply.head.warnings)
        return reply

    async def _ask(self, backend: Backend[Any], exchange: Exchange, target: Target) -> Reply:
        if not exchange.request.counts_only:
            return await _begun(await backend.send(exchange, target.model))
        tokens = await backend.count(exchange, target.model)
        return Reply.of(Head(target.backend, target.model), [TokenCount(tokens), End()])

    def _target(self, model: str) -> Target:
        """A prefix that names no backend belongs to the model (`llama3:8b`)."""
        backend, separator, rest = model.partition(":")
        known = backend in self.kit.backends or backend in self.kit.off
        if separator and rest and known:
            return Target(backend, rest)
        return Target(self.kit.default_backend, model)


async def _begun(reply: Reply) -> Reply:
    """The reply once its first content is there: until then its failure is still an error that
    failover can mend and the client can get as an HTTP status."""
    try:
        return await reply.primed()
    except BaseException:
        await reply.aclose()
        raise
