"""From a name in the file to a class: the built-in table, an entry point, or `module:Class`."""

import difflib
import inspect
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

ClassT = TypeVar("ClassT")


def did_you_mean(name: str, known: list[str]) -> str:
    """A hint for a mistyped name, or an empty string."""
    close = difflib.get_close_matches(name, known, n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


class Registry(Generic[ClassT]):
    """The classes of one kind ("stage", "backend") that a file may name."""

    def __init__(
        self, kind: str, builtin: Mapping[str, type[ClassT]], base: type[ClassT], group: str
    ) -> None:
        self.kind = kind
        self._base = base
        self._builtin = builtin
        self._plugins = {point.name: point for point in entry_points(group=group)}

    @property
    def names(self) -> list[str]:
        """Every name that needs no module."""
        return [*self._builtin, *self._plugins]

    def find(self, name: str) -> type[ClassT]:
        """The class of that name; `LookupError` says why there is none."""
        if name in self._builtin:
            if name in self._plugins:
                owner = _owner(self._plugins[name])
                raise LookupError(
                    f'the {self.kind} "{name}" is built in, and {owner} brings another of that name'
                )
            return self._builtin[name]
        if name in self._plugins:
            return self._checked(name, self._load_plugin(name))
        if ":" in name:
            return self._checked(name, _import(name))
        raise LookupError(f'no {self.kind} named "{name}"{did_you_mean(name, self.names)}')

    def _load_plugin(self, name: str) -> object:
        point = self._plugins[name]
        try:
            return point.load()
        except (Exception, SystemExit) as error:
            broken = f'the {self.kind} "{name}" of {_owner(point)} is broken: {error}'
            raise LookupError(broken) from error

    def _checked(self, name: str, found: object) -> type[ClassT]:
        if isinstance(found, type) and issubclass(found, self._base):
            if inspect.isabstract(found):
                raise LookupError(f'"{name}" is abstract: a {self.kind} must define its methods')
            return found
        raise LookupError(f'"{name}" is not a {self.kind}: it must be a {self._base.__name__}')


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unknown distribution"


def _import(path: str) -> object:
    module, _, attribute = path.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (Exception, SystemExit) as error:
        # Importing runs the module, which may raise anything or try to leave.
        raise LookupError(f'cannot load "{path}": {error}') from error
