"""Stops answers and agents that go round in circles."""

from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Kit, Next, Stage
from llm_proxy.stages.loop_detection.answer import Answering, tell
from llm_proxy.stages.loop_detection.options import LoopDetectionOptions
from llm_proxy.stages.loop_detection.turns import Turn, Turns


class LoopDetection(Stage[LoopDetectionOptions]):
    """Ends an answer whose text, reasoning or arguments go round in circles, and one that makes the
    same tool call again and again from turn to turn.

    A stream ends where that is recognised. An answer that is given whole is read to its end first,
    so that it can be cut back to its first round, or asked for once more, unseen.
    """

    Options = LoopDetectionOptions

    def __init__(self, options: LoopDetectionOptions, kit: Kit) -> None:
        super().__init__(options, kit)
        self.turns = Turns(options.turns, kit.store)

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        action = self.options.action_for(exchange)
        self.tell(exchange, f"watches, to {action}" if action else "is off")
        if action is None or exchange.request.counts_only:
            return await call_next(exchange)
        turn = await self._turn(exchange)
        answering = Answering(exchange.with_request(turn.request), action, self.options, turn)
        if exchange.request.stream or action == "warn":
            return await answering.streamed(call_next)
        return await answering.whole(call_next)

    async def _turn(self, exchange: Exchange) -> Turn:
        if self.options.turns.mode == "off":
            return Turn(exchange.request)
        turn = await self.turns.look(exchange)
        if turn.stuck:
            tell(exchange, "turns", f"{turn.stuck.tool} is called again and again")
        return turn
