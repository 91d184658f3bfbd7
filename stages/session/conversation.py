"""One request's hold on its session: what the store keeps of it, and what is to be kept at the end.

"session:ID" is what was set, and is there only where something was; "session-account:ID" is what
the session has come to, and there only where it goes on or has a name: the first request's account
stands with that by which the session is known. So many requests that belong to no conversation
displace nothing but one another.
"""

from collections.abc import Awaitable, Callable

from pydantic import TypeAdapter, ValidationError

from llm_proxy.pipeline.session_state import NOTHING, Account, SessionState
from llm_proxy.pipeline.state.store import Change, Store
from llm_proxy.stages.session.account import Entry, read_account
from llm_proxy.stages.session.recognition import Recognised, learnt

_STATE = TypeAdapter(SessionState)


class Conversation:
    """A session in the store, where all of it is forgotten `ttl` seconds after its last request."""

    __slots__ = ("_first", "_found", "_id", "_is_set", "_store", "_ttl")

    def __init__(self, store: Store, ttl: float, found: Recognised) -> None:
        self._store = store
        self._ttl = ttl
        self._found = found
        self._id = found.id
        self._first = found.first
        self._is_set = False

    async def state(self) -> SessionState:
        """What was set in it; of one that begins here there is nothing to be looked up."""
        if self._found.start:
            self._store.insist("sessions")
            return NOTHING
        kept = await self._store.load(_key(self._id))
        self._is_set = kept is not None
        return _read(kept)

    async def update(self, change: Callable[[SessionState], SessionState]) -> None:
        """Change what is set by now."""

        def changed(kept: bytes | None) -> bytes | None:
            state = change(_read(kept))
            self._is_set = state != NOTHING
            return _STATE.dump_json(state) if self._is_set else None

        await self._store.update(_key(self._id), changed, self._ttl)

    async def account(self) -> Account:
        """What it has come to."""
        return read_account(await self._store.load(_account_key(self._id)) or self._first)

    async def forget(self) -> None:
        """Begin anew."""
        self._is_set, self._first = False, None
        await self._store.drop(_key(self._id))
        await self._store.drop(_account_key(self._id))

    def enter(
        self, entry: Entry | None, answered: str | None, changes: dict[str, Change | bytes]
    ) -> Awaitable[None] | None:
        """Keep all that is to be kept of this request: `changes`, its entry in the account, and how
        the session is `answered`. What was set lives on. As `Store.update_all`."""
        first = self._first
        if entry and self._found.start:
            first = entry(None)
        elif entry:
            changes[_account_key(self._id)] = lambda kept: entry(kept or self._first)
            first = None
        if answered and answered != self._id:
            key, kept = learnt(self._found, answered, first, is_set=self._is_set)
            changes[key] = kept
        if self._is_set:
            changes[_key(self._id)] = _unchanged
        return self._store.update_all(changes, self._ttl) if changes else None


def _key(id_: str) -> str:
    return f"session:{id_}"


def _account_key(id_: str) -> str:
    return f"session-account:{id_}"


def _unchanged(kept: bytes | None) -> bytes | None:
    return kept


def _read(kept: bytes | None) -> SessionState:
    """What was kept; nothing where it cannot be read, which another version may have written."""
    if kept is None:
        return NOTHING
    try:
        return _STATE.validate_json(kept)
    except ValidationError:
        return NOTHING
