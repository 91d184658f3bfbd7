"""Fields of protocol buffers in JSON: each may be spelled `camelCase` or `snake_case`."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
_UNDERSCORE = re.compile(r"_([a-z0-9])")

_KNOWN = 1024
"""Names that are remembered; those of clients may be any, and any number."""

Fields = Mapping[str, Any]


@lru_cache(_KNOWN)
def snake(name: str) -> str:
    """The other spelling of a camelCase name."""
    return _CAPITAL.sub(lambda match: "_" + match[1].lower(), name)


@lru_cache(_KNOWN)
def camel(name: str) -> str:
    """A name as this proxy spells it."""
    return _UNDERSCORE.sub(lambda match: match[1].upper(), name)


def get(fields: Fields, name: str) -> Any:
    """The value of the field of this camelCase name, however it is spelled; None if absent."""
    value = fields.get(name)
    return fields.get(snake(name)) if value is None else value


def spelling(fields: Fields, name: str) -> str:
    """How the field is spelled there; in camelCase where it is absent."""
    return name if name in fields or snake(name) not in fields else snake(name)


def put(fields: dict[str, Any], name: str, value: object) -> None:
    """Set the field in the spelling that it has; None takes it out in both."""
    spelled = spelling(fields, name)
    for other in {name, snake(name)} - {spelled}:
        fields.pop(other, None)
    if value is None:
        fields.pop(spelled, None)
    else:
        fields[spelled] = value


def in_camel(fields: Fields) -> dict[str, Any]:
    """The fields that have a value, by camelCase names."""
    named: dict[str, Any] = {}
    for name, value in fields.items():
        if value is not None and (name == camel(name) or camel(name) not in named):
            named[camel(name)] = value
    return named
