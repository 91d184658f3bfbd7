"""The stage that recognises conversations."""

import asyncio
from collections.abc import Awaitable

from pydantic import Field

from llm_proxy.pipeline.exchange import Exchange, Session
from llm_proxy.pipeline.reply import PROXY, Reply
from llm_proxy.pipeline.stage import Kit, Next, Stage, StageOptions
from llm_proxy.pipeline.state.store import Change, finished
from llm_proxy.pipeline.values import Seconds
from llm_proxy.stages.session.account import entry, entry_of_failure
from llm_proxy.stages.session.conversation import Conversation
from llm_proxy.stages.session.fingerprint import with_answer
from llm_proxy.stages.session.mark import Mark
from llm_proxy.stages.session.recognition import Recognised, Recognition, begun


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
        self._recognition = Recognition(kit.store)

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        found = await self._recognition.recognise(exchange)
        conversation = Conversation(self.kit.store, self.options.ttl, found)
        session = Session(
            found.id,
            await conversation.state(),
            conversation.update,
            conversation.account,
            conversation.forget,
        )
        exchange = exchange.in_session(session)
        exchange.trace.notes["session"] = session.id
        if session.state.project:
            exchange.trace.notes["project"] = session.state.project
        self.tell(exchange, found.how)
        began = self.kit.clock()
        try:
            reply = await call_next(exchange)
        except (Exception, asyncio.CancelledError) as error:
            if not found.start:  # or there is no conversation in which somebody could ask
                failed = entry_of_failure(exchange, error, self.kit.clock() - began)
                await finished(conversation.enter(failed, found.answered, {}))
            raise
        changes: dict[str, Change | bytes] = {}
        if found.start:
            if reply.head.backend == PROXY:
                await self._mark(reply, found)
            else:
                changes = begun(found)

        def close() -> Awaitable[None] | None:
            """Remember the answer, when it is over."""
            answered = found.answered
            if found.start and (reply.opening or reply.calls):
                answered = with_answer(found.start, "".join(reply.opening), reply.calls)
            took = self.kit.clock() - began
            return conversation.enter(entry(exchange, reply, took), answered, changes)

        return reply.on_close(close)

    async def _mark(self, reply: Reply, found: Recognised) -> None:
        """Let the session be known by its start already, for the answer depends on whether another
        one started alike."""
        try:
            is_shared = await self._recognition.begin(found, self.options.ttl)
        except BaseException:
            await reply.aclose()
            raise
        if is_shared:
            reply.through(Mark(found.id))
