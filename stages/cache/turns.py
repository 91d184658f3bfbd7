"""Whose turn it is to ask, of all who want the same answer at once.

Of one process's requests the first looks for the answer, and for all of them. Where there is none
it puts a lease in its place, which the requests of other replicas meet there. While it waits for
the answer it keeps the lease alive; if it dies, the lease expires, and the next takes over.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from secrets import token_hex
from typing import Literal

from llm_proxy.pipeline.errors import StateAway
from llm_proxy.pipeline.state.store import Store
from llm_proxy.stages.cache.entry import Entry, unpack

LEASE = 4.0
"""Seconds until the lease of a process that has died is another's to take."""

POLL = 0.1
"""Seconds between two looks for what another replica is waiting for."""

ALONE_FOR = 10.0
"""Seconds for which an answer that cannot be kept is not waited for."""

_PATIENCE = 2
"""Failures of those in charge that a request waits through."""

_ALONE = b"alone"
_LEASED = b"lease:"

Settled = Entry | Literal["alone", "failed", "left"]
"""What came of a turn: an answer for all; or everybody asks alone; or, as whoever had it has failed
or left, it is the next one's."""


class Turn:
    """The right to ask for a key, and the duty to `settle` it, which tells all who wait in this
    process."""

    def __init__(self, store: Store, key: str, tell: Callable[[Settled], None]) -> None:
        self._store = store
        self._key = key
        self._tell = tell
        self._mark = _LEASED + token_hex(8).encode()
        self._keeping: asyncio.Task[None] | None = None

    async def lease(self) -> bool:
        """Put a lease where there is nothing yet; whether that was so."""
        if not await self._store.add(self._key, self._mark, LEASE):
            return False
        self._keeping = asyncio.create_task(self._keep())
        return True

    def keep_no_longer(self) -> None:
        """Leave the lease to itself: something is about to take its place."""
        if self._keeping:
            self._keeping.cancel()

    async def settle(self, settled: Settled) -> None:
        """End the turn. The lease goes to another replica, unless something stands in its place."""
        self.keep_no_longer()
        self._tell(settled)
        if settled in ("failed", "left"):
            with suppress(StateAway):  # then it expires
                await self._store.update(self._key, self._without, LEASE)

    def _without(self, kept: bytes | None) -> bytes | None:
        return None if kept == self._mark else kept

    async def _keep(self) -> None:
        """Keep the lease alive, until it is lost to another."""
        is_mine = True

        def kept_alive(kept: bytes | None) -> bytes:
            nonlocal is_mine
            is_mine = kept in (None, self._mark)
            return self._mark if kept is None else kept

        while is_mine:
            await asyncio.sleep(LEASE / 4)
            with suppress(StateAway):
                await self._store.update(self._key, kept_alive, LEASE)


class Turns:
    """The turns of one process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._here: dict[str, asyncio.Future[Settled]] = {}

    async def await_mine(self, key: str) -> Entry | Turn | None:
        """The answer, once it is there; or the turn to ask for it; or None where everybody asks
        alone."""
        failures = 0
        while failures < _PATIENCE:
            if (here := self._here.get(key)) is None:
                return await self._first(key)
            # One of many who gives up waiting does not end it for the others.
            settled = await asyncio.shield(here)
            if isinstance(settled, Entry):
                return settled
            if settled == "alone":
                return None
            failures += settled == "failed"
        return None

    async def _first(self, key: str) -> Entry | Turn | None:
        here = self._here[key] = asyncio.get_running_loop().create_future()

        def tell(settled: Settled) -> None:
            if self._here.get(key) is here:
                del self._here[key]
                here.set_result(settled)

        try:
            found = await self._found(key, Turn(self._store, key, tell))
        except BaseException:
            tell("left")
            raise
        if not isinstance(found, Turn):
            tell(found or "alone")
        return found

    async def _found(self, key: str, turn: Turn) -> Entry | Turn | None:
        """What is kept, as soon as it is no other replica's lease."""
        while True:
            kept = await self._store.load(key)
            if kept is None:
                if await turn.lease():
                    return turn
            elif kept == _ALONE:
                return None
            elif kept.startswith(_LEASED):
                await asyncio.sleep(POLL)
            elif entry := unpack(kept):
                return entry
            else:
                await self._store.drop(key)

    async def leave_alone(self, key: str) -> None:
        """Let nobody wait for this answer for a while."""
        await self._store.save(key, _ALONE, ALONE_FOR)
