"""Making and unmaking keys in shared state."""

from collections.abc import Callable
from dataclasses import replace

from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.keys.stored import Shown, StoredKey, digest, name_of, read, written
from llm_proxy.pipeline.state.store import KEYS, SharedStore

_FOR_EVER = 100 * 365 * 86400.0

_TOLD_FOR = 30 * 86400.0
"""Seconds after its end in which a key is still known, for its owner to be told why it is wrong."""


class Ledger:
    """All keys of a store. `now` gives seconds since 1970. Every method raises `StateAway`."""

    def __init__(self, store: SharedStore, now: Callable[[], float]) -> None:
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
        return shown, key

    async def all(self) -> list[StoredKey]:
        """Every key, oldest first."""
        names = await self._store.names(KEYS.removesuffix(":"))
        found = [read(await self._store.load(name)) for name in names]
        return sorted((key for key in found if key), key=lambda key: (key.created, key.id))

    async def revoke(self, id_: str) -> StoredKey:
        """Forget a key; raises `LookupError` where there is none."""
        key = read(await self._store.load(name_of(id_)))
        if key is None:
            raise _unknown(id_)
        await self._store.drop(name_of(id_))
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

    def _lives(self, key: StoredKey) -> float:
        return _FOR_EVER if key.expires is None else key.expires - self._now() + _TOLD_FOR


def _unknown(id_: str) -> LookupError:
    return LookupError(f'there is no key "{id_}"; `llm-proxy keys list` shows them')
