"""The facts about models, from `traits.toml` beside this file."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from yarl import URL

from llm_proxy.pipeline.traits import Traits

_FILE = Path(__file__).with_name("traits.toml")

COMPATIBLE = "compatible"
"""Any server that imitates OpenAI's API and is not known by name."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    vendor: str
    models: tuple[str, ...] = ("*",)
    traits: Mapping[str, Any]


class _Server(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    servers: tuple[_Server, ...]
    facts: tuple[_Entry, ...]


@cache
def _facts() -> _Facts:
    return _Facts.model_validate(tomllib.loads(_FILE.read_text(encoding="utf-8")))


def server_at(url: str) -> str:
    """Which known server answers at this URL, by its host or its usual port."""
    there = URL(url)
    for server in _facts().servers:
        if there.host in server.hosts or there.port in server.ports:
            return server.name
    return COMPATIBLE


def known_servers() -> list[str]:
    """The names under which facts are known."""
    return list(dict.fromkeys(entry.vendor for entry in _facts().facts))


def traits_of(vendor: str, model: str, overrides: Mapping[str, Any]) -> Traits:
    """The facts of a model: the file's, later entries over earlier ones, then the `overrides`."""
    found: dict[str, Any] = {}
    for entry in _facts().facts:
        if entry.vendor == vendor and any(_matches(name, model) for name in entry.models):
            found |= entry.traits
    return Traits.model_validate({**found, **overrides})


def _matches(pattern: str, model: str) -> bool:
    """Whether the name fits a pattern in which only `*` means anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), model) is not None
