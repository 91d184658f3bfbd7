"""Which session a request belongs to."""

from uuid import uuid4

from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.state.store import Store
from llm_proxy.stages.session.fingerprint import Beginning, FirstAnswer, beginning_of, digest
from llm_proxy.stages.session.names import name_of

_SEVERAL = b"several"


@record
class Recognised:
    """A session's id and how it was found. `start` is the fingerprint of a conversation that begins
    with this request and has no name; None for any other. `began_alike` is whether there was
    another one with the same start."""

    id: str
    how: str
    start: str | None = None
    began_alike: bool = False


class Recognition:
    """Finds sessions by the names that clients give them, else by how the conversation began.

    Never across callers, whose ids are part of every fingerprint. What the store keeps:
    "session-start:…" → the id of the session that started so, or that there are several;
    "session-answer:…" → the id of the session that started so and was answered so.
    """

    def __init__(self, store: Store, ttl: float) -> None:
        self._store = store
        self._ttl = ttl

    async def recognise(self, exchange: Exchange) -> Recognised:
        """The session of this request, an old or a new one."""
        caller = exchange.caller.id if exchange.caller else "anonymous"
        if named := name_of(exchange):
            name, place = named
            return Recognised(digest(caller, name), f"named by {place}")
        beginning = beginning_of(exchange.request.messages, caller)
        if beginning.answered:
            return await self._known(beginning, beginning.answered)
        if exchange.request.counts_only:  # which begins nothing
            return Recognised(beginning.start, "only counts tokens")
        return await self._begun(beginning)

    async def learn(self, session: Recognised, answer: FirstAnswer) -> None:
        """Know the session by its first answer from now on."""
        if session.start and (answered := answer.after(session.start)):
            await self._store.save(_by_answer(answered), session.id.encode(), self._ttl)

    async def _begun(self, beginning: Beginning) -> Recognised:
        """The same first words again are a new conversation, not the old one's next turn. Also
        where the client asks for the first answer once more: nothing tells the two apart."""
        id_, before = uuid4().hex, False

        def begin(started: bytes | None) -> bytes:
            nonlocal before
            before = started is not None
            return _SEVERAL if before else id_.encode()

        await self._store.update(_by_start(beginning.start), begin, self._ttl)
        return Recognised(id_, "begins here", beginning.start, before)

    async def _known(self, beginning: Beginning, answered: str) -> Recognised:
        if id_ := await self._kept(_by_answer(answered)):
            return Recognised(id_.decode(), "known by its beginning")
        id_ = await self._kept(_by_start(beginning.start))
        if id_ and id_ != _SEVERAL:
            return Recognised(id_.decode(), "known by its beginning, with another answer")
        return Recognised(answered, "not known before")

    async def _kept(self, key: str) -> bytes | None:
        """What the store has, kept for as long as if it were new."""
        if kept := await self._store.load(key):
            await self._store.save(key, kept, self._ttl)
        return kept


def _by_start(start: str) -> str:
    return f"session-start:{start}"


def _by_answer(answered: str) -> str:
    return f"session-answer:{answered}"
