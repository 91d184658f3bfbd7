"""A session stays with the target that answered it last, whose prompt cache knows it."""

import logging
from collections.abc import Sequence
from hashlib import blake2b

import orjson

from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.state.store import Store
from llm_proxy.pipeline.trace import Target

STICKS_FOR = 3600.0
"""Seconds without a request; no vendor's prompt cache lasts longer."""

_log = logging.getLogger(__name__)


class Anchor:
    """Where the session of one exchange belongs for one model's name."""

    def __init__(self, exchange: Exchange, session: str, store: Store) -> None:
        self._exchange = exchange
        self._store = store
        model = blake2b(
            exchange.request.model.encode("utf-8", "replace"), digest_size=16
        ).hexdigest()
        self._key = f"sticky:{session}:{model}"
        self._before: Target | None = None

    async def first(self, targets: Sequence[Target]) -> list[Target]:
        """The targets, beginning with the one that the session is used to, if it is among them."""
        kept = await self._store.load(self._key)
        before = Target(*orjson.loads(kept)) if kept else None
        if before is None or before not in targets:
            return list(targets)
        self._before = before
        return [before, *(target for target in targets if target != before)]

    async def holds(self, target: Target) -> None:
        """The session has been answered there."""
        value = orjson.dumps([target.backend, target.model, target.key])
        await self._store.save(self._key, value, STICKS_FOR)
        if self._before not in (None, target):
            _log.info("a session changes its target", extra=self._change(target))

    def _change(self, target: Target) -> dict[str, str]:
        tried = [a for a in self._exchange.trace.attempts if a.target == self._before]
        return {
            "request_id": self._exchange.id,
            "from_target": str(self._before),
            "to_target": str(target),
            "reason": tried[-1].reason if tried else "it is being left alone after failures",
        }
