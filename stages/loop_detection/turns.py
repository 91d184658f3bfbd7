"""An agent that is stuck: what is said to its model, and when it is stopped."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.parts import Part, Text, ToolResult
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.state.store import Store
from llm_proxy.stages.loop_detection.history import comes_again, history
from llm_proxy.stages.loop_detection.options import TurnsOptions
from llm_proxy.stages.loop_detection.seen import Seen
from llm_proxy.stages.loop_detection.stuck import LONGEST_CYCLE, Stuck, stuck

HINT = (
    "[llm-proxy: the last {what} came {rounds} times with the same result. Do not repeat it: try "
    "something else, or say what is in the way.]"
)


ENOUGH = 64
"""So many calls tell how often; the rest of a long conversation is not read."""


@record
class Turn:
    """What is to be done about one turn: the request as it goes on, what the agent is stuck in, and
    whether that is not to go on."""

    request: ChatRequest
    stuck: Stuck | None = None
    stops: bool = False


class Turns:
    """Looks at the turns of each request; `clock` gives the time of day in seconds."""

    def __init__(
        self, options: TurnsOptions, store: Store, clock: Callable[[], float] = time.time
    ) -> None:
        self._options = options
        self._seen = Seen(store, clock)

    async def look(self, exchange: Exchange) -> Turn:
        """What is to be done about the turn that `exchange` asks for."""
        options, request = self._options, exchange.request
        found = await self._found(exchange)
        if found is None or not found.is_over:
            return Turn(request)
        match options.mode:
            case "stop":
                return Turn(request, found, stops=True)
            case "warn_then_stop":
                return Turn(_hinted(request, found), found, stops=found.is_beyond)
            case _:
                return Turn(request, found)

    async def _found(self, exchange: Exchange) -> Stuck | None:
        options, messages = self._options, exchange.request.messages
        if not comes_again(messages, LONGEST_CYCLE, options.is_exempt):
            return None
        if stuck(history(messages, 2 * LONGEST_CYCLE, options.is_exempt), options) is None:
            return None
        if exchange.session is None:
            return stuck(history(messages, ENOUGH, options.is_exempt), options)
        done = history(messages, leave_out=options.is_exempt)
        return stuck(await self._seen.within(exchange.session.id, done, options.window), options)


def _hinted(request: ChatRequest, found: Stuck) -> ChatRequest:
    """The request with a note behind the last result of a tool, which every dialect can carry."""
    what = "error of a tool" if found.call is None else "tool call"
    if found.cycle > 1:
        what = f"{found.cycle} tool calls"
    note = HINT.format(what=what, rounds=found.rounds)
    messages = list(request.messages)
    for position in reversed(range(len(messages))):
        parts = _noted(messages[position].parts, note)
        if parts is not None:
            messages[position] = messages[position].with_parts(parts)
            break
    return replace(request, messages=messages)


def _noted(parts: Sequence[Part], note: str) -> Sequence[Part] | None:
    """The parts with a note in their last result, None where there is none."""
    for position in reversed(range(len(parts))):
        part = parts[position]
        if isinstance(part, ToolResult):
            told = replace(part, parts=(*part.parts, Text(f"\n\n{note}")), origin=None)
            return [*parts[:position], told, *parts[position + 1 :]]
    return None
