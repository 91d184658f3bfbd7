"""The end of the chain: from a model's name to a backend, and the call."""

import asyncio
import logging
from typing import Any

from llm_proxy.pipeline.backend import Backend
from llm_proxy.pipeline.errors import BackendOff, Fault, ProxyError, UpstreamBroken, not_granted
from llm_proxy.pipeline.events import End, TokenCount
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.stage import Kit, Next, Stage, StageOptions
from llm_proxy.pipeline.trace import Attempt, Target

_log = logging.getLogger(__name__)


class Dispatch(Stage[StageOptions]):
    """Sends the request to its target: the one a stage before has set, else the backend that the
    model's name begins with (`openai:gpt-4`), else the default backend."""

    last = True

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        kit = self.kit.seen_by(exchange.caller)
        target = exchange.target or kit.target_of(exchange.request.model)
        if not exchange.grants.allow(target.backend, target.model):
            # Here and nowhere before it, for here all ways to a model come to an end.
            raise not_granted(target.backend, target.model)
        backend = _backend(target, kit)
        self.tell(exchange, f"asked {target}")
        began, attempts = self.kit.clock(), exchange.trace.attempts

        def note(outcome: str, reason: str) -> None:
            attempts.append(Attempt(target, outcome, self.kit.clock() - began, reason))

        try:
            await backend.slots.enter()
            there = exchange if exchange.target else exchange.at(target)
            reply = await self._ask(backend, there, target)
        except ProxyError as error:
            note(error.for_log, error.fault or error.kind)
            raise
        except Exception as error:
            # A defect of a backend is a failure like any other: another target may do better.
            _log.exception("a backend broke", extra={"request_id": exchange.id})
            broken = UpstreamBroken(f'the backend "{target.backend}" is broken')
            note(type(error).__name__, Fault.BROKEN_ANSWER)
            raise broken from error
        except asyncio.CancelledError:
            note("cancelled", "cancelled")
            raise
        note("ok", "ok")
        exchange.trace.warnings.extend(reply.head.warnings)
        return reply

    async def _ask(self, backend: Backend[Any], exchange: Exchange, target: Target) -> Reply:
        """An answer that has begun, which leaves its slot when it is over."""
        try:
            if exchange.request.counts_only:
                tokens = await backend.count(exchange, target.model)
                head = Head(target.backend, target.model)
                reply = Reply.of(head, [TokenCount(tokens), End()])
            else:
                reply = await backend.send(exchange, target.model)
                await _begun(reply, exchange)
        except BaseException:
            backend.slots.leave()
            raise
        return reply.on_close(backend.slots.leave)


def _backend(target: Target, kit: Kit) -> Backend[Any]:
    backend = kit.backends.get(target.backend)
    if backend is not None:
        return backend
    why = kit.off.get(target.backend)
    raise BackendOff(
        f'the backend "{target.backend}" is off: {why}'
        if why
        else f'there is no backend "{target.backend}"',
        code="backend_off",
    )


async def _begun(reply: Reply, exchange: Exchange) -> None:
    """Wait for the first content of a stream and for all of a whole answer: until then its failure
    is still an error that failover can mend and the client can get as an HTTP status."""
    try:
        await (reply.primed() if exchange.request.stream else reply.complete())
    except BaseException:
        await reply.aclose()
        raise
