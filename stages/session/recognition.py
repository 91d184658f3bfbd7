"""Which session a request belongs to."""

from functools import partial
from os import urandom

from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.state.store import Change, Store
from llm_proxy.stages.session.fingerprint import beginning_of, digest
from llm_proxy.stages.session.names import name_of

_SEVERAL = b"several"

_LENGTH = 32
"""Characters of an id."""


@record
class Recognised:
    """A session's id and how it was found. `start` is the fingerprint of a conversation that begins
    with this request and has no name, None for any other; `answered` that of start and first
    answer, where it has no name and there was one. `first` is the account of its first request,
    where there was none since."""

    id: str
    how: str
    start: str | None = None
    answered: str | None = None
    first: bytes | None = None


class Recognition:
    """Finds sessions by the names that clients give them, else by how the conversation began.

    Never across callers, whose ids are part of every fingerprint. What the store keeps:
    "session-start:…" → the id of the session that started so, or that there are several;
    "session-answer:…" → the id of the session that started so and was answered so, and behind it
    the account of its first request. That is "session-set:…" where something was set, so that
    requests which are no conversation displace only one another.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def recognise(self, exchange: Exchange) -> Recognised:
        """The session of this request, an old or a new one.

        The same first words again are a new conversation, not the old one's next turn. Also where
        the client asks for the first answer once more: nothing tells the two apart.
        """
        caller = exchange.caller.id if exchange.caller else "anonymous"
        if named := name_of(exchange):
            name, place = named
            return Recognised(digest([caller, name]), f"named by {place}")
        beginning = beginning_of(exchange.request.messages, caller)
        if beginning.answered:
            return await self._known(beginning.start, beginning.answered)
        if exchange.request.counts_only:  # which begins nothing
            return Recognised(beginning.start, "only counts tokens")
        return Recognised(urandom(16).hex(), "begins here", beginning.start)

    async def _known(self, start: str, answered: str) -> Recognised:
        load = self._store.load
        if kept := await load(_by_answer(answered)) or await load(_of_set(answered)):
            id_, first = kept[:_LENGTH].decode(), kept[_LENGTH:] or None
            return Recognised(id_, "known by its beginning", None, answered, first)
        started = await load(_by_start(start))
        if started and started != _SEVERAL:
            how = "known by its beginning, with another answer"
            return Recognised(started.decode(), how, None, answered)
        return Recognised(answered, "not known before")

    async def begin(self, found: Recognised, ttl: float) -> bool:
        """Know it by its start from now on; whether another one had the same start."""
        is_shared = False

        def one_more(before: bytes | None) -> bytes:
            nonlocal is_shared
            is_shared = before is not None
            return _start(found, before)

        await self._store.update(_by_start(found.start), one_more, ttl)
        return is_shared


def begun(found: Recognised) -> dict[str, Change | bytes]:
    """The same as `Recognition.begin`, to be done together with other changes."""
    return {_by_start(found.start): partial(_start, found)}


def _start(found: Recognised, before: bytes | None) -> bytes:
    """What is kept of a start, now that one more session has it."""
    return found.id.encode() if before is None else _SEVERAL


def learnt(
    found: Recognised, answered: str, first: bytes | None, *, is_set: bool
) -> tuple[str, bytes]:
    """The key and the value that let the session be known by its first answer, for as long as if
    that were new; `first` is the account of its first request, where there was none since."""
    kept = found.id.encode() + (first or b"")
    return _of_set(answered) if is_set else _by_answer(answered), kept


def _by_start(start: str | None) -> str:
    return f"session-start:{start}"


def _by_answer(answered: str) -> str:
    return f"session-answer:{answered}"


def _of_set(answered: str) -> str:
    return f"session-set:{answered}"
