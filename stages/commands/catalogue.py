"""Which commands there are, and who may use which."""

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from llm_proxy.pipeline.blame import one_line
from llm_proxy.pipeline.config_file import Place
from llm_proxy.pipeline.registry import Registry, did_you_mean
from llm_proxy.stages.commands.builtin import BUILTIN
from llm_proxy.stages.commands.command import Command

ALL = "*"

_NAME = re.compile(r"[a-z][a-z0-9-]*")

Problem = tuple[Place, str]


class Catalogue:
    """Every command by its name: built in, brought by installed distributions, and those of `more`
    (`module:Class`). `problems` tells of those that are broken; one that is disabled may be."""

    def __init__(self, more: Sequence[str] = (), disabled: Sequence[str] = ()) -> None:
        self.commands: dict[str, Command] = {}
        self.problems: list[Problem] = []
        registry = Registry("command", BUILTIN, Command, "llm_proxy.commands")
        self._installed = registry.names
        for name in self._installed:
            if name not in disabled:
                self._add(registry, name, ())
        for position, path in enumerate(more):
            self._add(registry, path, ("more", position))

    def unknown(self, names: Sequence[str], place: Place, *also: str) -> Iterator[Problem]:
        """A problem for each name that is no command's and not among `also`."""
        known = list(dict.fromkeys([*self._installed, *self.commands]))
        for position, name in enumerate(names):
            if name not in (*known, *also):
                yield (*place, position), f'no command named "{name}"{did_you_mean(name, known)}'

    def _add(self, registry: Registry[Command], name: str, place: Place) -> None:
        try:
            command = _made(registry, name)
        except LookupError as error:
            self.problems.append((place, str(error)))
            return
        if command.name in self.commands:
            twice = f'{registry.title(name)} has the name of another one, "{command.name}"'
            self.problems.append((place, twice))
            return
        self.commands[command.name] = command


def _made(registry: Registry[Command], name: str) -> Command:
    """The command of that name or path; `LookupError` says what is wrong with it, and whose it
    is."""
    made_by, title = registry.find(name), registry.title(name)
    try:
        command = made_by()
    except (Exception, SystemExit) as error:
        raise LookupError(f"{title} cannot be made: {one_line(error)}") from error
    own = str(getattr(made_by, "name", ""))
    if ":" not in name and own != name:
        raise LookupError(f'{title} has another name in its class, "{own}"')
    if not _NAME.fullmatch(own):
        raise LookupError(f'{title} cannot be named "{own}": small letters, digits and "-"')
    return command


def may_use(
    commands: Mapping[str, Command], denied: Mapping[str, Sequence[str]], caller: str
) -> dict[str, Command]:
    """The commands without those that the caller is denied. `denied` goes from patterns of callers'
    ids to names of commands."""
    names = {name for who, names in denied.items() if fnmatchcase(caller, who) for name in names}
    if ALL in names:
        return {}
    return {name: command for name, command in commands.items() if name not in names}
