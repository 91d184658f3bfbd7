"""Who comes with a stored key."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from cachetools import TTLCache

from llm_proxy.pipeline.errors import StateAway, Unauthorized
from llm_proxy.pipeline.exchange import Caller
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.keys.stored import StoredKey, name_of, parts_of, read
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.state.store import Store

GOOD_FOR = 0.8
"""Seconds before a key is looked up again, so that one that is revoked is wrong within a second."""

_REMEMBERED = 10_000
"""Keys; whoever sends wrong ones may send any number of them."""


@record
class _Known:
    """A key, and who comes with it; nobody, if the file has no such tenant."""

    key: StoredKey
    caller: Caller | None


_Answer = _Known | StateAway | None


class Keys:
    """The stored keys of these tenants. Each is looked up once in `GOOD_FOR` seconds at most, right
    or wrong, however many requests come with it. `now` gives seconds since 1970."""

    def __init__(
        self,
        store: Store,
        tenants: Mapping[str, Grants],
        clock: Callable[[], float],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._tenants = tenants
        self._now = now
        self._asked: TTLCache[str, asyncio.Task[_Answer]] = TTLCache(_REMEMBERED, GOOD_FOR, clock)

    async def caller(self, credential: str) -> Caller:
        """Whose key it is; raises `Unauthorized`, and `StateAway` where nobody can tell."""
        shown = parts_of(credential)
        known = await self._known(shown.id) if shown else None
        if shown is None or known is None or not known.key.fits(shown.secret):
            raise Unauthorized("wrong API key")
        if known.key.has_expired(self._now()):
            raise Unauthorized("the API key has expired")
        if known.caller is None:
            told = f'the file has no tenant "{known.key.tenant}" for the key {known.key.id}'
            raise Unauthorized("wrong API key", for_log=told)
        return known.caller

    async def _known(self, id_: str) -> _Known | None:
        asking = self._asked.get(id_)
        if asking is None:
            asking = self._asked[id_] = asyncio.create_task(self._look_up(id_))
        # Others may wait for it too.
        answer = asking.result() if asking.done() else await asyncio.shield(asking)
        if isinstance(answer, StateAway):
            if self._asked.get(id_) is asking:
                del self._asked[id_]
            raise StateAway(answer.why)
        return answer

    async def _look_up(self, id_: str) -> _Answer:
        try:
            key = read(await self._store.load(name_of(id_)))
        except StateAway as error:
            return error
        return _Known(key, self._caller(key)) if key else None

    def _caller(self, key: StoredKey) -> Caller | None:
        tenant = self._tenants.get(key.tenant)
        return Caller(key.caller, key.tenant, _joined(key.grants, tenant)) if tenant else None


def _joined(key: Grants, tenant: Grants) -> Grants:
    """What a key may do that has been granted this, for a tenant that may do that."""
    return replace(
        key,
        limits=(*key.limits, *tenant.limits),
        pipeline=key.pipeline or tenant.pipeline,
        within=tenant,
    )
