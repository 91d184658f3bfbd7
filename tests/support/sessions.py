"""Requests of conversations, and a session stage to send them through."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.exchange import Caller, Client, Exchange, Session
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import Message
from llm_proxy.pipeline.session_state import NOTHING, Account, SessionState
from tests.support.stages import Run, asking


def turns(*said: str) -> tuple[Message, ...]:
    """User and assistant in turn; a first text that begins with "system:" is the system's."""
    roles = ["user", "assistant"] * len(said)
    if said[0].startswith("system:"):
        roles.insert(0, "system")
    return tuple(
        Message(role, (Text(text),))  # type: ignore[arg-type]
        for role, text in zip(roles, said, strict=False)
    )


def exchange(
    messages: Sequence[Message], caller: str | None = "a", id_: str | None = None, **request: Any
) -> Exchange:
    """What `caller` asks, under the name that its client gives the conversation."""
    headers = {} if id_ is None else {"x-session-id": id_}
    one = Exchange.of(asking(messages=messages, **request).request, Client("127.0.0.1", headers))
    return replace(one, caller=Caller(caller) if caller else None)


async def session(run: Run, messages: Sequence[Message], **who: Any) -> Session:
    """The session of a request whose answer has been read to its end."""
    async with await run(exchange(messages, **who)) as reply:
        await reply.collect()
    found = run.seen[-1].session
    assert found is not None
    return found


async def remember(found: Session, **changes: Any) -> None:
    """Set something in a session."""
    await found.update(lambda state: replace(state, **changes))


class Kept:
    """A session that keeps its state here."""

    def __init__(self, state: SessionState = NOTHING, id_: str = "s") -> None:
        self.id = id_
        self.states = [state]
        self.account = Account()

    @property
    def session(self) -> Session:
        """As a request finds it."""

        async def update(change: Any) -> None:
            self.states.append(change(self.states[-1]))

        async def account() -> Account:
            return self.account

        async def forget() -> None:
            self.states.append(NOTHING)
            self.account = Account()

        return Session(self.id, self.states[-1], update, account, forget)
