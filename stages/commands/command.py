"""What a command is, and what it may see and change."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from llm_proxy.pipeline.exchange import SessionState
from llm_proxy.stages.commands.parser import Call


class CommandError(Exception):
    """The command cannot be carried out; the message is the answer in the chat."""


@dataclass(slots=True)
class Desk:
    """What commands work on: the session's state so far, and every command by its name.

    `remembers` is False where the chain has no session.
    """

    state: SessionState
    commands: Mapping[str, "Command"]
    prefix: str
    remembers: bool
    changed: bool = field(default=False, init=False)

    def remember(self, **changes: Any) -> None:
        """Change the session's state; raises `CommandError` where there is no session."""
        if not self.remembers:
            raise CommandError("nothing can be remembered: this chain has no session stage")
        self.state = replace(self.state, **changes)
        self.changed = True


class Command(ABC):
    """One command. Its docstring is its page in `help`: on the first line the ways to write it,
    with "or" between them, and then what it does, the first sentence being its summary."""

    name: ClassVar[str]

    @abstractmethod
    def run(self, call: Call, desk: Desk) -> str:
        """Carry it out and say so in a line; raises `CommandError`."""

    def usage(self, prefix: str) -> str:
        """How it is written."""
        ways, _ = self._page()
        return " or ".join(f"`{prefix}{way}`" for way in ways.split(" or "))

    def about(self) -> str:
        """What it does."""
        return self._page()[1]

    def _page(self) -> tuple[str, str]:
        ways, _, about = inspect.cleandoc(self.__doc__ or self.name).partition("\n")
        return ways, " ".join(about.split())
