"""The end of the chain: from a model's name to a backend, and the call."""

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
        if exchange.target is None:
            exchange = exchange.at(kit.target_of(exchange.request.model))
        target = exchange.target
        assert target is not None  # noqa: S101 - it has just been set
        if exchange.caller and not exchange.caller.grants.allow(target.backend, target.model):
            # Here and nowhere before it, for here all ways to a model come to an end.
            raise not_granted(target.backend, target.model)
        backend = kit.backends.get(target.backend)
        if backend is None:
            raise _missing(target, kit)
        self.tell(exchange, f"asked {target}")
        began = kit.clock()
        outcome = reason = "cancelled"
        try:
            reply = await _begun(backend, exchange, target)
            outcome = reason = "ok"
        except ProxyError as error:
            outcome, reason = error.for_log, error.fault or error.kind
            raise
        except Exception as error:
            # A defect of a backend is a failure like any other: another target may do better.
            _log.exception("a backend broke", extra={"request_id": exchange.id})
            broken = UpstreamBroken(f'the backend "{target.backend}" is broken')
            outcome, reason = type(error).__name__, Fault.BROKEN_ANSWER
            raise broken from error
        finally:
            took = kit.clock() - began
            exchange.trace.attempts.append(Attempt(target, outcome, took, reason))
        exchange.trace.warnings.extend(reply.head.warnings)
        return reply


async def _begun(backend: Backend[Any], exchange: Exchange, target: Target) -> Reply:
    """An answer that has begun, which leaves its slot when it is over. Of a stream the first
    content is there, and all of a whole answer: until then its failure is still an error that
    failover can mend and the client can get as an HTTP status."""
    slots, request = backend.slots, exchange.request
    await slots.enter()
    try:
        if request.counts_only:
            tokens = await backend.count(exchange, target.model)
            reply = Reply.of(Head(target.backend, target.model), [TokenCount(tokens), End()])
        else:
            reply = await backend.send(exchange, target.model)
    except BaseException:
        slots.leave()
        raise
    reply.on_close(slots.leave)
    try:
        await (reply.primed() if request.stream else reply.complete())
    except BaseException:
        await reply.aclose()
        raise
    return reply


def _missing(target: Target, kit: Kit) -> BackendOff:
    why = kit.off.get(target.backend)
    return BackendOff(
        f'the backend "{target.backend}" is off: {why}'
        if why
        else f'there is no backend "{target.backend}"',
        code="backend_off",
    )
