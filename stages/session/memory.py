"""What the store keeps of sessions.

"session:ID" is what was set, and is there only where something was; "session-account:ID" is what
the session has come to. So many requests that belong to no conversation displace one another's
accounts, and nothing that a person has set.
"""

from collections.abc import Callable
from typing import TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from llm_proxy.pipeline.exchange import Session
from llm_proxy.pipeline.session_state import NOTHING, Account, SessionState, Totals
from llm_proxy.pipeline.state.store import Store
from llm_proxy.stages.session.account import Entry

_STATE = TypeAdapter(SessionState)
_ACCOUNT = TypeAdapter(Account)

KeptT = TypeVar("KeptT")


class Memory:
    """Sessions by their ids, each forgotten `ttl` seconds after its last request."""

    def __init__(self, store: Store, ttl: float) -> None:
        self._store = store
        self._ttl = ttl

    async def session(self, id_: str) -> Session:
        """The session with what was set in it."""
        key = f"session:{id_}"
        kept = await self._store.load(key)
        if kept is not None:
            await self._store.save(key, kept, self._ttl)

        async def update(change: Callable[[SessionState], SessionState]) -> None:
            def changed(kept: bytes | None) -> bytes | None:
                state = change(_read(_STATE, kept, NOTHING))
                return None if state == NOTHING else _STATE.dump_json(state)

            await self._store.update(key, changed, self._ttl)

        async def account() -> Account:
            return _read(_ACCOUNT, await self._store.load(_account_of(id_)), Account())

        async def forget() -> None:
            await self._store.drop(key)
            await self._store.drop(_account_of(id_))

        return Session(id_, _read(_STATE, kept, NOTHING), update, account, forget)

    async def enter(self, id_: str, entry: Entry | None) -> None:
        """Add a request to a session's account."""
        if entry is None:
            return

        def changed(kept: bytes | None) -> bytes:
            return orjson.dumps(entry(_totals(kept)))

        await self._store.update(_account_of(id_), changed, self._ttl)


def _account_of(id_: str) -> str:
    return f"session-account:{id_}"


def _totals(kept: bytes | None) -> Totals:
    """Of an account only what goes on: this happens on every request."""
    try:
        return Totals(**orjson.loads(kept)["totals"]) if kept else Totals()
    except (ValueError, TypeError, KeyError):
        return Totals()


def _read(adapter: TypeAdapter[KeptT], kept: bytes | None, nothing: KeptT) -> KeptT:
    """What was kept; nothing where it cannot be read, which another version may have written."""
    if kept is None:
        return nothing
    try:
        return adapter.validate_json(kept)
    except ValidationError:
        return nothing
