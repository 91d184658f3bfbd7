"""One answer under watch, streamed or whole."""

import logging
from collections.abc import Callable
from functools import partial

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Event
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.parts import Text, ToolResult
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.stage import Next
from llm_proxy.stages.loop_detection.again import again
from llm_proxy.stages.loop_detection.calls import CallGuard
from llm_proxy.stages.loop_detection.guard import Guard, cut_back
from llm_proxy.stages.loop_detection.options import Action
from llm_proxy.stages.loop_detection.thresholds import Thresholds
from llm_proxy.stages.loop_detection.watch import Found, Watch

_log = logging.getLogger(__name__)


@record
class Answering:
    """Watches the answer to `exchange`, and does what `action` says where it loops.

    `calls` makes a guard for the calls of an answer, where they are to be watched.
    """

    exchange: Exchange
    action: Action
    thresholds: Thresholds
    calls: Callable[[], CallGuard] | None

    def streamed(self, reply: Reply) -> Reply:
        """An answer that passes as it comes, and ends where a loop is recognised."""
        goes_on = self.action == "warn"
        tell_of = self._tell_of_loop if goes_on else self._tell_of_stop
        guard = Guard(self._watch(), tell_of, goes_on=goes_on)
        reply.through(guard.__call__)  # a bound method is called twice as fast as an object
        return reply.through(self.calls().__call__) if self.calls else reply

    async def whole(self, reply: Reply, call_next: Next) -> Reply:
        """An answer that is there to its end, or to the first round of a loop in it; or another one
        in its place, if nothing keeps that from being got."""
        reply, found = await self._read(reply)
        if found is None:
            return reply
        if self.action != "stop":
            self._judge(reply.head)
            if other := await self._again(reply.head, call_next):
                self._tell_of_loop(found, "asked for again")
                reply, found = other
        if found:
            self._tell_of_stop(found)
        return reply

    async def _again(self, head: Head, call_next: Next) -> tuple[Reply, Found | None] | None:
        """Another answer than that from `head`, None where there is none."""
        self.exchange.trace.cut_short = False
        try:
            return await self._read(await call_next(again(self.exchange, self.action, head)))
        except ProxyError as error:
            extra = {"request_id": self.exchange.id, "error": error.for_log}
            _log.warning("there is no other answer than one that loops", extra=extra)
            return None

    async def _read(self, reply: Reply) -> tuple[Reply, Found | None]:
        """Read to the end, or until a loop is found: then the backend is closed at once."""
        if self.calls:
            reply.through(self.calls().__call__)
        watch = self._watch()
        events: list[Event] = []
        found: Found | None = None
        try:
            while found is None and reply.outcome == "open":
                batch = await anext(reply)
                events += batch
                found = watch.first_in(batch)
            if found is None and reply.error:
                raise reply.error
        except BaseException:
            await reply.aclose()
            raise
        if found is None:
            return reply.give_again(events), None
        self.exchange.trace.cut_short = True
        await reply.aclose()
        return Reply.of(reply.head, cut_back(events, found)), found

    def _watch(self) -> Watch:
        return Watch(self.thresholds, partial(_was_given, self.exchange))

    def _tell_of_stop(self, found: Found) -> None:
        self.exchange.trace.cut_short = True
        self._tell_of_loop(found, "stopped")

    def _tell_of_loop(self, found: Found, done: str = "noticed") -> None:
        tell(self.exchange, found.place, f"the {found.place} went round in circles, {done}")

    def _judge(self, head: Head) -> None:
        """Let the log say what was wrong with the attempt."""
        for attempt in reversed(self.exchange.trace.attempts):
            target = attempt.target
            if (target.backend, target.model) == (head.backend, head.model):
                self.exchange.trace.judge(target, "its answer went round in circles", "loop")
                return


def tell(exchange: Exchange, place: str, what: str) -> None:
    """Note a loop for the client, the log and whoever counts them."""
    exchange.trace.notes["loop"] = place
    exchange.trace.warnings.append(f"loop_detection: {what}")
    _log.warning("loop detected", extra={"request_id": exchange.id, "place": place})


def tell_of_call(exchange: Exchange, tool: str) -> None:
    """Note that an answer has been ended at a call."""
    exchange.trace.cut_short = True
    tell(exchange, "calls", f"{tool} was called again and again, stopped")


def _was_given(exchange: Exchange, rounds: str) -> bool:
    """Whether the user, or a tool, has brought the repetition: to copy it is no loop."""
    return any(
        rounds in part.text
        for message in exchange.request.messages
        if message.role != "assistant"
        for part in message.parts
        if isinstance(part, Text | ToolResult)
    )
