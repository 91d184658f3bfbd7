"""Which commands there are, and who may use which."""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from llm_proxy.pipeline.config_file import Place
from llm_proxy.pipeline.registry import Registry, did_you_mean
from llm_proxy.stages.commands.builtin import BUILTIN
from llm_proxy.stages.commands.command import Command

ALL = "*"

_NAME = re.compile(r"[a-z][a-z0-9-]*")

Problem = tuple[Place, str]


class Catalogue:
    """Every command by its name: built in, brought by installed distributions, and those of `more`
    (`module:Class`). `problems` tells of those that are broken."""

    def __init__(self, more: Sequence[str] = ()) -> None:
        self.commands: dict[str, Command] = {}
        self.problems: list[Problem] = []
        registry = Registry("command", BUILTIN, Command, "llm_proxy.commands")
        for name in dict.fromkeys(registry.names):
            self._add(registry, name, ())
        for position, path in enumerate(more):
            self._add(registry, path, ("more", position))

    def unknown(self, names: Sequence[str], place: Place, *also: str) -> Iterator[Problem]:
        """A problem for each name that is no command's and not among `also`."""
        known = list(self.commands)
        for position, name in enumerate(names):
            if name not in (*known, *also):
                yield (*place, position), f'no command named "{name}"{did_you_mean(name, known)}'

    def _add(self, registry: Registry[Command], name: str, place: Place) -> None:
        try:
            command = registry.find(name)()
            own = name if ":" not in name else command.name
            if not _NAME.fullmatch(own):
                raise LookupError(
                    f'"{own}" is no name for a command: small letters, digits and "-"'
                )
            if own in self.commands:
                raise LookupError(f'there are two commands named "{own}"')
            self.commands[own] = command
        except LookupError as error:
            self.problems.append((place, str(error)))
        except Exception as error:
            # Whatever its constructor does wrong, whose command it is has to be told.
            self.problems.append((place, f'the command "{name}" cannot be made: {error!r}'))


def may_use(
    commands: Mapping[str, Command], denied: Mapping[str, Sequence[str]], caller: str
) -> dict[str, Command]:
    """The commands without those that the caller is denied. `denied` goes from patterns of callers'
    ids to names of commands."""
    names = {name for who, names in denied.items() if fnmatchcase(caller, who) for name in names}
    if ALL in names:
        return {}
    return {name: command for name, command in commands.items() if name not in names}
