"""Values as people write them in the file: durations, sizes, comma-separated lists."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from math import inf
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr

_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*")
_SECONDS: dict[str, float] = {
    "": 1,
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86400,
}
_BYTES: dict[str, float] = {
    "": 1,
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
}


def _scaled(value: object, units: Mapping[str, float], example: str) -> object:
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")  # noqa: TRY004 - pydantic wants it
    if not isinstance(value, str):
        return value
    match = _NUMBER.fullmatch(value)
    if match is None or match[2].lower() not in units:
        raise ValueError(f'"{value}" is not a number with a unit, like {example}')
    return float(match[1]) * units[match[2].lower()]


def _seconds(value: object) -> object:
    return _scaled(value, _SECONDS, '"500ms", "30s" or "5m"')


def _bytes(value: object) -> object:
    scaled = _scaled(value, _BYTES, '"10MB"')
    if scaled == inf:
        raise ValueError(f'"{value}" is more than there can be')
    return int(scaled) if isinstance(scaled, float) else scaled


def listed(value: object) -> object:
    """The words of a string with commas between them; anything else as it is."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


def _network(value: object) -> IPv4Network | IPv6Network:
    return ip_network(str(value))


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
"""A duration above zero: "500ms", "2s", "5m", "1h", or a number of seconds."""


def seconds(text: str) -> float:
    """A duration as people write it; raises `ValueError`."""
    found = _seconds(text)
    if not isinstance(found, float) or found <= 0:
        raise ValueError(f'"{text}" is no time')
    return found


Bytes = Annotated[int, BeforeValidator(_bytes), Field(gt=0)]
"""A size: "10MB" (decimal), "64KiB", or a number of bytes."""

Listed = Annotated[tuple[str, ...], BeforeValidator(listed)]
"""A list of words, or one string with commas between them."""

Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(listed)]
"""As `Listed`, of words that nothing prints."""

Network = IPv4Network | IPv6Network

Networks = Annotated[
    tuple[Annotated[Network, PlainValidator(_network)], ...], BeforeValidator(listed)
]
"""Addresses and networks ("127.0.0.1", "10.0.0.0/8"), as `Listed`."""
