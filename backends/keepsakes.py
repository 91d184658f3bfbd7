"""Sealed state that clients lose, kept on their behalf by the id of the call it belongs to.

Many clients throw away the fields they do not know, and with them the state without which a vendor
refuses the next turn. What is bound to a tool call is therefore remembered here as well.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from llm_proxy.pipeline.dialects.seals import tag, untag
from llm_proxy.pipeline.events import Event, ReasoningState, ToolCallStart
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.json_values import is_list, is_object
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

    async def attribute(self, seals: Sequence[Seal]) -> None:
        """Remember who made state that goes to its client without a tag."""
        for seal in seals:
            if seal.maker:
                await self._store.save(self._maker_key(seal), seal.maker.encode(), KEPT_FOR)

    async def attributed(self, request: ChatRequest, maker: str) -> ChatRequest:
        """The request with state that another vendor of the same dialect made marked as that one's.
        What nobody remembers may be anybody's."""
        changed: list[Message] = []
        for message in request.messages:
            parts = [await self._attributed(part, maker) for part in message.parts]
            is_same = all(new is old for new, old in zip(parts, message.parts, strict=True))
            changed.append(message if is_same else message.with_parts(parts))
        if all(new is old for new, old in zip(changed, request.messages, strict=True)):
            return request
        return replace(request, messages=changed)

    async def _attributed(self, part: Part, maker: str) -> Part:
        if not isinstance(part, Reasoning | ToolCall) or part.seal is None or part.seal.maker:
            return part
        kept = await self._store.load(self._maker_key(part.seal))
        if kept is None or kept.decode() == maker:
            return part
        return replace(part, seal=replace(part.seal, maker=kept.decode()))

    def _key(self, call: str) -> str:
        return f"seal:{self._caller}:{call}"

    def _maker_key(self, seal: Seal) -> str:
        text = max(_texts_in(seal.block), key=len, default="")
        digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
        return f"maker:{self._caller}:{digest}"


def _texts_in(value: object) -> Iterator[str]:
    """Every text of a block: the longest of them is the state itself or what it signs, and tells
    blocks apart whatever fields a client has added or left out."""
    if isinstance(value, str):
        yield value
    elif is_object(value):
        for inner in value.values():
            yield from _texts_in(inner)
    elif is_list(value):
        for inner in value:
            yield from _texts_in(inner)


class Collected:
    """A step that notes all seals, and which came before which call."""

    def __init__(self) -> None:
        self.all: list[Seal] = []
        self.by_call: dict[str, list[Seal]] = {}
        self._pending: list[Seal] = []

    def __call__(self, event: Event) -> Sequence[Event]:
        if isinstance(event, ReasoningState):
            self.all.append(event.seal)
            self._pending.append(event.seal)
        elif isinstance(event, ToolCallStart) and self._pending:
            self.by_call[event.id], self._pending = self._pending, []
        return (event,)
