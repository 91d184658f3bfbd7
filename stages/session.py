"""Which conversation a request belongs to, and what is remembered of it."""

import hashlib
from dataclasses import replace

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from llm_proxy.pipeline.exchange import Exchange, Session, SessionState
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.stage import Next, Stage, StageOptions
from llm_proxy.pipeline.values import Seconds

_STATE = TypeAdapter(SessionState)

ID_HEADERS = ("x-session-id",)
"""The headers that name a conversation, the first one present wins."""


_SAMPLE = 2048


class SessionOptions(StageOptions):
    """Options of `session`."""

    ttl: Seconds = Field(default=86400.0, description="Forgotten so long after its last request.")


class Sessions(Stage[SessionOptions]):
    """Recognises a conversation by the client's own id for it, else by its beginning, never across
    callers, and hands on what is remembered of it."""

    Options = SessionOptions
    provides = frozenset({"session"})
    requires = frozenset({"caller"})

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        named = _named(exchange)
        id_ = _id(exchange, named or _beginning(exchange.request))
        key = f"session:{id_}"
        if named is None and _begins(exchange.request):
            # The same first words again are a new conversation, not the old one's next turn. Also
            # where the client asks for the first answer once more: nothing tells the two apart.
            await self.kit.store.drop(key)
            state = SessionState()
        else:
            state = await self._load(key)

        async def save(changed: SessionState) -> None:
            await self.kit.store.save(
                key, orjson.dumps(_STATE.dump_python(changed)), self.options.ttl
            )

        exchange.trace.notes["session"] = id_
        session = Session(id_, state, save)
        return await call_next(replace(exchange, session=session))

    async def _load(self, key: str) -> SessionState:
        kept = await self.kit.store.load(key)
        if kept is None:
            return SessionState()
        await self.kit.store.save(key, kept, self.options.ttl)
        try:
            return _STATE.validate_json(kept)
        except ValidationError:
            return SessionState()


def _named(exchange: Exchange) -> str | None:
    headers = exchange.client.headers
    return next((headers[name] for name in ID_HEADERS if headers.get(name)), None)


def _beginning(request: ChatRequest) -> str:
    """The conversation up to its first user turn: it stays while the history grows."""
    texts: list[str] = []
    for message in request.messages:
        text = message.text
        # The whole of a long text is not hashed: an agent's instructions are long on every turn.
        texts.append(f"{message.role} {len(text)}\n{text[:_SAMPLE]}\n{text[-_SAMPLE:]}")
        if message.role == "user":
            break
    return "\n\n".join(texts)


def _begins(request: ChatRequest) -> bool:
    """Whether it is a first turn; only to count its tokens begins nothing."""
    return not request.counts_only and all(
        message.role != "assistant" for message in reversed(request.messages)
    )


def _id(exchange: Exchange, name: str) -> str:
    caller = exchange.caller.id if exchange.caller else "anonymous"
    digest = hashlib.blake2b(f"{caller}\n{name}".encode("utf-8", "replace"), digest_size=16)
    return digest.hexdigest()
