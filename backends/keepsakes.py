"""Sealed state that clients lose, kept on their behalf by the id of the call it belongs to.

Many clients throw away the fields they do not know, and with them the state without which a vendor
refuses the next turn. What is bound to a tool call is therefore remembered here as well.
"""

from collections.abc import Sequence
from dataclasses import replace

from llm_proxy.pipeline.dialects.seals import tag, untag
from llm_proxy.pipeline.events import Event, ReasoningState, ToolCallStart
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.parts import Part, Reasoning, Seal, ToolCall
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.pipeline.state.store import Store

KEPT_FOR = 6 * 3600.0
"""Seconds: an agent's turn may wait long for its user."""


class Keepsakes:
    """The sealed state of one caller's tool calls."""

    def __init__(self, store: Store, exchange: Exchange) -> None:
        self._store = store
        self._caller = exchange.caller.id if exchange.caller else "anonymous"

    async def given_back(self, request: ChatRequest) -> ChatRequest:
        """The request with the state that the client has left out before its latest calls. Earlier
        ones are not looked up: no vendor asks for state from before the user's last word."""
        messages = list(request.messages)
        for position in range(len(messages) - 1, -1, -1):
            message = messages[position]
            if message.role == "user" and message.text:
                break
            if message.role == "assistant":
                messages[position] = await self._completed(message)
        return replace(request, messages=messages)

    async def _completed(self, message: Message) -> Message:
        if any(isinstance(part, Reasoning | ToolCall) and part.seal for part in message.parts):
            return message
        parts: list[Part] = []
        for part in message.parts:
            if isinstance(part, ToolCall):
                kept = await self._store.load(self._key(part.id))
                parts += (
                    [Reasoning("", seal) for seal in untag(kept.decode()) or ()] if kept else ()
                )
            parts.append(part)
        return message if len(parts) == len(message.parts) else message.with_parts(parts)

    async def keep(self, seals: Sequence[Seal], call: str) -> None:
        """Remember the seals that came before a call."""
        await self._store.save(self._key(call), tag(seals).encode(), KEPT_FOR)

    def _key(self, call: str) -> str:
        return f"seal:{self._caller}:{call}"


class Collected:
    """A step that notes which seals came before which call."""

    def __init__(self) -> None:
        self.by_call: dict[str, list[Seal]] = {}
        self._pending: list[Seal] = []

    def __call__(self, event: Event) -> Sequence[Event]:
        if isinstance(event, ReasoningState):
            self._pending.append(event.seal)
        elif isinstance(event, ToolCallStart) and self._pending:
            self.by_call[event.id], self._pending = self._pending, []
        return (event,)
