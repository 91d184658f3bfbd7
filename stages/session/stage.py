"""The stage that recognises conversations."""

import asyncio
from dataclasses import replace

from pydantic import Field

from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import PROXY, Reply
from llm_proxy.pipeline.stage import Kit, Next, Stage, StageOptions
from llm_proxy.pipeline.values import Seconds
from llm_proxy.stages.session.account import Bookkeeping
from llm_proxy.stages.session.fingerprint import FirstAnswer
from llm_proxy.stages.session.mark import Mark
from llm_proxy.stages.session.memory import Memory
from llm_proxy.stages.session.recognition import Recognised, Recognition


class SessionOptions(StageOptions):
    """Options of `session`."""

    ttl: Seconds = Field(default=86400.0, description="Forgotten so long after its last request.")


class Sessions(Stage[SessionOptions]):
    """Recognises a conversation, never across callers, hands on what was set in it, and keeps
    account of its requests."""

    Options = SessionOptions
    provides = frozenset({"session"})
    requires = frozenset({"caller"})

    def __init__(self, options: SessionOptions, kit: Kit) -> None:
        super().__init__(options, kit)
        self._recognition = Recognition(kit.store, options.ttl)
        self._memory = Memory(kit.store, options.ttl)

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        found = await self._recognition.recognise(exchange)
        session = await self._memory.session(found.id)
        exchange = replace(exchange, session=session)
        exchange.trace.notes["session"] = session.id
        if session.state.project:
            exchange.trace.notes["project"] = session.state.project
        self.tell(exchange, found.how)
        books = Bookkeeping(exchange, self.kit.clock)
        try:
            reply = await call_next(exchange)
        except (Exception, asyncio.CancelledError) as error:
            await self._memory.enter(session.id, books.without_answer(error))
            raise
        return self._followed(reply.through(books), found, books)

    def _followed(self, reply: Reply, found: Recognised, books: Bookkeeping) -> Reply:
        """The answer, which is remembered when it is over."""
        answer = FirstAnswer()
        if found.began_alike and reply.head.backend == PROXY:
            reply.through(Mark(found.id))
        if found.start:
            reply.through(answer)

        async def close() -> None:
            await self._memory.enter(found.id, books.after(reply))
            await self._recognition.learn(found, answer)

        return reply.on_close(close)
