"""From a name in the file to a class: the built-in table, an entry point, or `module:Class`."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from llm_proxy.pipeline.blame import one_line

ClassT = TypeVar("ClassT")


def did_you_mean(name: str, known: list[str]) -> str:
    """A hint for a mistyped name, or an empty string."""
    close = difflib.get_close_matches(name, known, n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


class Registry(Generic[ClassT]):
    """The classes of one kind ("stage", "backend", "command") that a file may name.

    A plugin is an entry point of `group`; its module is imported when it is looked for.
    """

    def __init__(
        self, kind: str, builtin: Mapping[str, type[ClassT]], base: type[ClassT], group: str
    ) -> None:
        self.kind = kind
        self._base = base
        self._builtin = builtin
        self._plugins = _by_name(entry_points(group=group))
        self._found: set[str] = set()

    @property
    def names(self) -> list[str]:
        """Every name that needs no module, once."""
        return list(dict.fromkeys([*self._builtin, *self._plugins]))

    def title(self, name: str) -> str:
        """What a message calls the class of that name, with the distribution that brings it."""
        owners = [] if name in self._builtin else _owners(self._plugins.get(name, ()))
        of = f" of {owners[0]}" if owners else ""
        return f'the {self.kind} "{name}"{of}'

    def find(self, name: str) -> type[ClassT]:
        """The class of that name; `LookupError` says why there is none, on one line."""
        self._found.add(name)
        owners = _owners(self._plugins.get(name, ()))
        if name in self._builtin and owners:
            raise LookupError(
                f"{self.title(name)} is built in, and {owners[0]} brings another of that name"
            )
        if len(owners) > 1:
            raise LookupError(
                f'the {self.kind} "{name}" is brought by {" and ".join(owners)}: '
                "only one of them can be installed"
            )
        if name in self._builtin:
            return self._builtin[name]
        if name not in self._plugins and ":" not in name:
            raise LookupError(f'no {self.kind} named "{name}"{did_you_mean(name, self.names)}')
        return self._checked(name, self._load(name))

    def unneeded_problems(self) -> Iterator[str]:
        """What is wrong with those plugins that nobody has looked for."""
        for name in sorted(self._plugins.keys() - self._found):
            try:
                self.find(name)
            except LookupError as error:
                yield str(error)

    def _load(self, name: str) -> object:
        try:
            if name in self._plugins:
                return self._plugins[name][0].load()
            module, _, attribute = name.partition(":")
            return getattr(import_module(module), attribute)
        except (Exception, SystemExit) as error:
            # Importing runs the module, which may raise anything or try to leave.
            raise LookupError(f"{self.title(name)} cannot be loaded: {one_line(error)}") from error

    def _checked(self, name: str, found: object) -> type[ClassT]:
        if isinstance(found, type) and issubclass(found, self._base):
            missing: frozenset[str] = getattr(found, "__abstractmethods__", frozenset())
            if missing:
                methods = ", ".join(sorted(missing))
                raise LookupError(f"{self.title(name)} is abstract: it must define {methods}")
            return found
        raise LookupError(f"{self.title(name)} is no subclass of {self._base.__name__}")


def _by_name(points: Sequence[EntryPoint]) -> dict[str, list[EntryPoint]]:
    named: dict[str, list[EntryPoint]] = {}
    for point in points:
        named.setdefault(point.name, []).append(point)
    return named


def _owners(points: Sequence[EntryPoint]) -> list[str]:
    """The distributions that bring these, in alphabetical order."""
    return sorted(point.dist.name if point.dist else "an unknown distribution" for point in points)
