"""What a command is, and what it may see and change."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from llm_proxy.pipeline.exchange import Exchange, Session
from llm_proxy.pipeline.session_state import NOTHING, Account, SessionState
from llm_proxy.pipeline.stage import Kit
from llm_proxy.stages.commands.parser import Call


class CommandError(Exception):
    """The command cannot be carried out; the message is the answer in the chat."""


@dataclass(slots=True)
class Desk:
    """What the commands of one message work on.

    `exchange` is the request they came with, `state` what the session remembers with what they have
    changed so far, `commands` those that the caller may use, by name.
    """

    exchange: Exchange
    kit: Kit
    commands: Mapping[str, "Command"]
    prefix: str
    state: SessionState = field(init=False)
    _changes: dict[str, Any] = field(default_factory=dict[str, Any], init=False)
    _forgotten: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.state = self.exchange.session_state

    def remember(self, **changes: Any) -> None:
        """Change fields of the session's state; raises `CommandError` where there is none."""
        self._session()
        self.state = replace(self.state, **changes)
        self._changes |= changes

    def forget(self) -> None:
        """Let the session begin anew; raises `CommandError` where there is none."""
        self._session()
        self.state, self._changes, self._forgotten = NOTHING, {}, True

    async def account(self) -> Account:
        """What the session has come to; raises `CommandError` where there is none."""
        session = self._session()
        return Account() if self._forgotten else await session.account()

    async def settle(self) -> Exchange:
        """Have the session remember what was changed; the exchange as it goes on."""
        session, changes = self.exchange.session, self._changes
        if session is None:
            return self.exchange
        if self._forgotten:
            await session.forget()
        if changes:
            await session.update(lambda state: replace(state, **changes))
        return replace(self.exchange, session=replace(session, state=self.state))

    def _session(self) -> Session:
        if self.exchange.session is None:
            raise CommandError("nothing can be remembered: this chain has no session stage")
        return self.exchange.session


class Command(ABC):
    """One command. Its docstring is its page in `help`: on the first line the ways to write it,
    with "or" between them, and then what it does, the first sentence being its summary. `!/` in
    it becomes the prefix that the file says."""

    name: ClassVar[str]

    @abstractmethod
    async def run(self, call: Call, desk: Desk) -> str:
        """Carry it out and say so in a line; raises `CommandError`."""

    def usage(self, prefix: str) -> str:
        """How it is written."""
        ways, _ = self._page()
        return " or ".join(f"`{prefix}{way}`" for way in ways.split(" or "))

    def about(self, prefix: str) -> str:
        """What it does; empty if its docstring does not say."""
        return self._page()[1].replace("!/", prefix)

    def summary(self, prefix: str) -> str:
        """The first sentence of what it does."""
        first, more, _ = self.about(prefix).partition(". ")
        return f"{first}." if more else first

    def _page(self) -> tuple[str, str]:
        ways, _, about = inspect.cleandoc(self.__doc__ or self.name).partition("\n")
        return ways, " ".join(about.split())
