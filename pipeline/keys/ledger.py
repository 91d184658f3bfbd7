"""Making and unmaking keys in shared state."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import orjson

from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.keys.stored import Shown, StoredKey, digest, name_of, read, written
from llm_proxy.pipeline.state.store import Store

_INDEX = "key-ids"

_FOR_EVER = 100 * 365 * 86400.0

_TOLD_FOR = 30 * 86400.0
"""Seconds after its end in which a key is still known, for its owner to be told why it is wrong."""


class Ledger:
    """All keys of a store. `now` gives seconds since 1970. Every method raises `StateAway`."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    async def create(
        self, tenant: str, grants: Grants, expires: float | None
    ) -> tuple[Shown, StoredKey]:
        """A new key; what is shown of it is nowhere else."""
        shown = Shown.new()
        key = StoredKey(
            shown.id, tenant, digest(shown.secret), shown.last, self._now(), expires, grants
        )
        await self._store.save(name_of(key.id), written(key), self._lives(key))
        await self._list(lambda ids: {*ids, key.id})
        return shown, key

    async def all(self) -> list[StoredKey]:
        """Every key, oldest first."""
        ids = _ids(await self._store.load(_INDEX))
        found = await asyncio.gather(*(self._store.load(name_of(id_)) for id_ in ids))
        gone = {id_ for id_, kept in zip(ids, found, strict=True) if kept is None}
        if gone:
            await self._list(lambda ids: ids - gone)
        keys = (key for key in map(read, found) if key)
        return sorted(keys, key=lambda key: (key.created, key.id))

    async def revoke(self, id_: str) -> StoredKey:
        """Forget a key; raises `LookupError` where there is none."""
        key = read(await self._store.load(name_of(id_)))
        if key is None:
            raise _unknown(id_)
        await self._store.drop(name_of(id_))
        await self._list(lambda ids: ids - {id_})
        return key

    async def rotate(self, id_: str) -> tuple[Shown, StoredKey]:
        """A new secret for a key that stays the same in all else; the old one is wrong from now on.
        Raises `LookupError` where there is none."""
        shown, old = Shown.new(id_), read(await self._store.load(name_of(id_)))
        if old is None:
            raise _unknown(id_)
        new = replace(old, digest=digest(shown.secret), last=shown.last)
        is_there = False

        def changed(kept: bytes | None) -> bytes | None:
            nonlocal is_there
            is_there = kept is not None
            return written(new) if is_there else None  # it may have been revoked just now

        await self._store.update(name_of(id_), changed, self._lives(new))
        if not is_there:
            raise _unknown(id_)
        return shown, new

    async def _list(self, change: Callable[[set[str]], set[str]]) -> None:
        """Change the list of all ids. A key comes to it after it is kept, and a list that knows too
        much is mended by whoever reads it."""

        def changed(kept: bytes | None) -> bytes:
            return orjson.dumps(sorted(change(_ids(kept))))

        await self._store.update(_INDEX, changed, _FOR_EVER)

    def _lives(self, key: StoredKey) -> float:
        return _FOR_EVER if key.expires is None else key.expires - self._now() + _TOLD_FOR


def _ids(kept: bytes | None) -> set[str]:
    return set(orjson.loads(kept)) if kept else set()


def _unknown(id_: str) -> LookupError:
    return LookupError(f'there is no key "{id_}"; `llm-proxy keys list` shows them')
