"""Stops answers and agents that go round in circles."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import get_args

from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Kit, Next, Stage
from llm_proxy.stages.loop_detection.answer import Answering, tell, tell_of_call
from llm_proxy.stages.loop_detection.calls import CallGuard
from llm_proxy.stages.loop_detection.options import Action, LoopDetectionOptions
from llm_proxy.stages.loop_detection.turns import Turns

_TOLD: Mapping[Action | None, str] = {
    None: "is off",
    **{action: f"watches, to {action}" for action in get_args(Action)},
}


class LoopDetection(Stage[LoopDetectionOptions]):
    """Ends an answer whose text, reasoning or arguments go round in circles, and one that makes the
    same tool call again and again from turn to turn.

    A stream ends where that is recognised. An answer that is given whole is read to its end first,
    so that it can be cut back to its first round, or asked for once more, unseen.
    """

    Options = LoopDetectionOptions

    def __init__(self, options: LoopDetectionOptions, kit: Kit) -> None:
        super().__init__(options, kit)
        self._thresholds = options.thresholds
        self._turns = Turns(options.turns, kit.store)

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        action = self.options.action_for(exchange)
        self.tell(exchange, _TOLD[action])
        request, calls = exchange.request, None
        if action is None or request.counts_only:
            return await call_next(exchange)
        if request.tools and self.options.turns.mode != "off":
            exchange, calls = await self._with_calls_watched(exchange)
        answering = Answering(exchange, action, self._thresholds, calls)
        reply = await call_next(exchange)
        if request.stream or action == "warn":
            return answering.streamed(reply)
        return await answering.whole(reply, call_next)

    async def _with_calls_watched(
        self, exchange: Exchange
    ) -> tuple[Exchange, Callable[[], CallGuard] | None]:
        """The exchange as it goes on, and what makes a guard for the calls in an answer to it."""
        options = self.options.turns
        turn = await self._turns.look(exchange)
        if turn.stuck:
            tell(exchange, "turns", f"{turn.stuck.tool} is called again and again")
            exchange = exchange.with_request(turn.request)
        if options.mode == "warn":
            return exchange, None
        stuck = turn.stuck if turn.stops else None
        return exchange, partial(CallGuard, stuck, options, partial(tell_of_call, exchange))
