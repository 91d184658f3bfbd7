"""The stage that recognises conversations."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from pydantic import Field, TypeAdapter, ValidationError

from llm_proxy.pipeline.exchange import Exchange, Session
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.session_state import NOTHING, SessionState
from llm_proxy.pipeline.stage import Kit, Next, Stage, StageOptions
from llm_proxy.pipeline.values import Seconds
from llm_proxy.stages.session.account import Account
from llm_proxy.stages.session.recognition import Recognition

_STATE = TypeAdapter(SessionState)


class SessionOptions(StageOptions):
    """Options of `session`."""

    ttl: Seconds = Field(default=86400.0, description="Forgotten so long after its last request.")


class Sessions(Stage[SessionOptions]):
    """Recognises a conversation, never across callers, hands on what is remembered of it, and keeps
    account of its requests."""

    Options = SessionOptions
    provides = frozenset({"session"})
    requires = frozenset({"caller"})

    def __init__(self, options: SessionOptions, kit: Kit) -> None:
        super().__init__(options, kit)
        self._recognition = Recognition(kit.store, options.ttl)

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        found = await self._recognition.recognise(exchange)
        session = await self._session(found.id)
        exchange = replace(exchange, session=session)
        exchange.trace.notes["session"] = session.id
        if session.state.project:
            exchange.trace.notes["project"] = session.state.project
        self.tell(exchange, found.how)
        account = Account(exchange, self.kit.clock)
        try:
            reply = await call_next(exchange)
        except (Exception, asyncio.CancelledError) as error:
            # `error` is gone when a change is made once more.
            failure: BaseException = error
            await session.update(lambda state: account.without_answer(failure, state))
            raise
        reply.through(account)
        reply.on_close(lambda: session.update(lambda state: account.after(reply, state)))
        return self._recognition.follow(found, reply)

    async def _session(self, id_: str) -> Session:
        store, key, ttl = self.kit.store, f"session:{id_}", self.options.ttl

        async def update(change: Callable[[SessionState], SessionState]) -> None:
            await store.update(key, lambda kept: _STATE.dump_json(change(_read(kept))), ttl)

        async def forget() -> None:
            await store.drop(key)

        return Session(id_, _read(await store.load(key)), update, forget)


def _read(kept: bytes | None) -> SessionState:
    """What was kept; nothing where it cannot be read, which another version may have written."""
    if kept is None:
        return NOTHING
    try:
        return _STATE.validate_json(kept)
    except ValidationError:
        return NOTHING
