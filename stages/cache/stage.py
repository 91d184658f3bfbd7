"""The stage that gives an answer again."""

import asyncio
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from llm_proxy.pipeline.errors import Kind, ProxyError
from llm_proxy.pipeline.events import Event, ReasoningState
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.grants import NO_GRANTS
from llm_proxy.pipeline.reply import PROXY, Head, Reply
from llm_proxy.pipeline.stage import Kit, Next, Stage, StageOptions
from llm_proxy.pipeline.values import Bytes, Seconds
from llm_proxy.stages.cache.askable import is_deterministic, why_never
from llm_proxy.stages.cache.entry import Entry, pack, unpack
from llm_proxy.stages.cache.key import Per, key_of
from llm_proxy.stages.cache.recording import Recording
from llm_proxy.stages.cache.turns import Settled, Turn, Turns
from llm_proxy.stages.cache.wishes import HEADER, Wishes, wishes_in

_SEALED_FOR = 3600.0
"""Seconds: what else is remembered of sealed state must not be forgotten before."""

_CLIENTS_FAULT = (Kind.BAD_REQUEST, Kind.CONTEXT_TOO_LONG, Kind.TOO_LARGE)


class CacheOptions(StageOptions):
    """Options of `cache`."""

    when: Literal["deterministic", "always"] = Field(
        default="deterministic",
        description="Which requests, unless the client says it: those with temperature 0 or a "
        "seed, or all.",
    )
    per: Per = Field(default="key", description="Who shares answers: one key, or all of a tenant.")
    ttl: Seconds = Field(default=3600.0, description="How long an answer is given again.")
    largest: Bytes = Field(default=1_000_000, description="Of one answer; larger ones go by.")
    longest_wait: Seconds = Field(
        default=60.0, description="For the answer to an identical request that is under way."
    )


class Cache(Stage[CacheOptions]):
    """Answers a request with the answer to one that meant the same, in whatever dialect, and sends
    such as come at once on only once. The others wait for the whole of its answer.

    Requests that point outside of themselves, and answers that ended otherwise than well, go by.
    Belongs behind whatever changes requests, and before what chooses among targets.
    """

    Options = CacheOptions
    requires = frozenset({"caller", "session", "command", "rule"})

    def __init__(self, options: CacheOptions, kit: Kit) -> None:
        super().__init__(options, kit)
        self._turns = Turns(kit.store)

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        wishes = wishes_in(exchange.client.headers)
        why = self._why_not(exchange, wishes)
        key = None if why else key_of(exchange, self.kit, self.options.per)
        if key is None:
            self._note(exchange, "bypass", why or "cannot be compared")
            return await call_next(exchange)
        if wishes.oldest == 0:
            self._note(exchange, "bypass", "asked anew, as the client wants it")
            return await self._asked(exchange, call_next, key, None)
        found = await self._found(key)
        if isinstance(found, Entry):
            if self._fits(found, exchange, wishes):
                return self._again(exchange, found)
            found = None
        self._note(exchange, "miss", "sent on" if found else "sent on, alone")
        return await self._asked(exchange, call_next, key, found)

    def _why_not(self, exchange: Exchange, wishes: Wishes) -> str | None:
        """Why the request does not concern this stage, if it does not."""
        request = exchange.request
        wanted = self.options.when == "always" or is_deterministic(request)
        if not (wanted if wishes.on is None else wishes.on):
            return "not asked for"
        if not wishes.may_be_kept:
            return "the client forbids it"
        return why_never(request)

    def _fits(self, entry: Entry, exchange: Exchange, wishes: Wishes) -> bool:
        """Whether the answer may be given to this client. What a caller may ask for can be less by
        now, or less than what others of its tenant may."""
        grants = exchange.caller.grants if exchange.caller else NO_GRANTS
        return (
            entry.age(self.kit.wall_clock()) <= wishes.oldest
            and entry.whose in ((), _whose(exchange))
            and grants.allow(entry.backend, entry.model)
        )

    async def _found(self, key: str) -> Entry | Turn | None:
        try:
            async with asyncio.timeout(self.options.longest_wait):
                return await self._turns.await_mine(key)
        except TimeoutError:
            return None

    def _again(self, exchange: Exchange, entry: Entry) -> Reply:
        age = entry.age(self.kit.wall_clock())
        self._note(exchange, "hit", f"given again after {age:.0f} s")
        exchange.trace.headers["age"] = str(int(age))
        exchange.trace.warnings.extend(entry.warnings)
        head = Head(entry.backend, entry.model, entry.warnings, replayed=True)
        return Reply.of(head, entry.events)

    async def _asked(
        self, exchange: Exchange, call_next: Next, key: str, turn: Turn | None
    ) -> Reply:
        try:
            reply = await call_next(exchange)
        except BaseException as error:
            if turn:
                await turn.settle(_settled_by(error))
            raise
        recording = Recording(self.options.largest)

        async def close() -> None:
            if turn is None:
                await self._kept(exchange, reply, recording, key)
                return
            settled: Settled = "failed"
            turn.keep_no_longer()
            try:
                kept = await self._kept(exchange, reply, recording, key)
                settled = kept or await self._without_answer(reply, key)
            finally:
                await turn.settle(settled)

        return reply.through(recording).on_close(close)

    async def _kept(
        self, exchange: Exchange, reply: Reply, recording: Recording, key: str
    ) -> Entry | None:
        """The answer, if it is one to be kept."""
        events = recording.complete
        if events is None or exchange.trace.cut_short or reply.outcome != "complete":
            return None
        head = reply.head
        is_sealed = _is_sealed(events)
        whose = _whose(exchange) if is_sealed else ()
        now = self.kit.wall_clock()
        packed = pack(Entry(now, head.backend, head.model, head.warnings, events, whose))
        if head.backend == PROXY or len(packed) > self.options.largest:
            return None
        ttl = min(self.options.ttl, _SEALED_FOR) if is_sealed else self.options.ttl
        await self.kit.store.save(key, packed, ttl)
        return unpack(packed)

    async def _without_answer(self, reply: Reply, key: str) -> Settled:
        if reply.outcome == "abandoned":
            return "left"
        if reply.error is not None:
            return _settled_by(reply.error)
        await self._turns.leave_alone(key)
        return "alone"

    def _note(self, exchange: Exchange, what: str, decision: str) -> None:
        exchange.trace.headers[HEADER] = exchange.trace.notes["cache"] = what
        self.tell(exchange, f"{what}: {decision}")


def _is_sealed(events: Sequence[Event]) -> bool:
    return any(isinstance(event, ReasoningState) for event in events)


def _whose(exchange: Exchange) -> tuple[str, ...]:
    """Who may hand sealed state back: it is remembered for the caller, and how it travels depends
    on the dialect."""
    source = exchange.request.source
    return (exchange.caller.id if exchange.caller else "", source.dialect if source else "")


def _settled_by(error: BaseException) -> Settled:
    """What the client got wrong nobody needs to wait for."""
    if isinstance(error, ProxyError):
        return "alone" if error.kind in _CLIENTS_FAULT else "failed"
    return "failed" if isinstance(error, Exception) else "left"
