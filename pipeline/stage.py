"""What a stage is: one step of the chain, written as one class."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, ClassVar, Generic, TypeVar

import aiohttp
from pydantic import BaseModel, ConfigDict

from llm_proxy.pipeline.backend import Backend
from llm_proxy.pipeline.config_file import Place
from llm_proxy.pipeline.exchange import Caller, Client, Exchange
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.keys.keys import Keys
from llm_proxy.pipeline.lifetime import Lifetime
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.state.store import Store
from llm_proxy.pipeline.trace import Target

Next = Callable[[Exchange], Awaitable[Reply]]


@record
class Surroundings:
    """What the rest of the file says, for options that refer to it."""

    backends: frozenset[str]
    production: bool
    tenants: frozenset[str] = frozenset()


class StageOptions(BaseModel):
    """A stage's options in the file; each field's description is the reference."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def problems(self, surroundings: Surroundings) -> Iterator[tuple[Place, str]]:
        """What is wrong with these options beside the rest of the file: (place, message)."""
        yield from ()

    def named_models(self) -> Mapping[str, Sequence[Target]]:
        """The names of models that the stage gives a meaning to, and the targets they stand for."""
        return {}


OptionsT = TypeVar("OptionsT", bound=StageOptions)


@record
class View:
    """What a tenant that brings keys for some backends has in place of what all have: those are
    backends of its own, with nothing of theirs shared with others."""

    backends: Mapping[str, Backend[Any]]
    off: Mapping[str, str]
    health: Health


@record
class Kit:
    """What a stage or backend may use of its surroundings, injected so that tests can replace it.

    `clock` gives monotonic seconds, `wall_clock` those since 1970. `backends` holds those that are
    switched on, by name, and `off` tells of the others why they are not. `health` is what the
    process knows of its targets. `views` are what tenants see instead, by their names; `keys` are
    the stored keys, where there can be any. `stage` is the stage's own name in the file,
    `named_models` what the stages of its chain say of names of models.
    """

    http: aiohttp.ClientSession
    store: Store
    backends: Mapping[str, Backend[Any]] = field(default_factory=dict[str, Backend[Any]])
    off: Mapping[str, str] = field(default_factory=dict[str, str])
    default_backend: str = "local"
    stage: str = ""
    named_models: Mapping[str, Sequence[Target]] = field(
        default_factory=dict[str, Sequence[Target]]
    )
    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    health: Health = field(default_factory=lambda: Health(time.monotonic))
    views: Mapping[str, View] = field(default_factory=dict[str, View])
    keys: Keys | None = None

    def seen_by(self, caller: Caller | None) -> "Kit":
        """This kit, with the backends and their health as the caller's tenant has them."""
        view = self.views.get(caller.tenant) if caller else None
        if view is None:
            return self
        return replace(self, backends=view.backends, off=view.off, health=view.health)

    def target_of(self, model: str) -> Target:
        """The backend that the name begins with (`openai:gpt-4`), else the default backend. A
        prefix that names no backend belongs to the model (`llama3:8b`)."""
        backend, separator, rest = model.partition(":")
        known = backend in self.backends or backend in self.off
        if separator and rest and known:
            return Target(backend, rest)
        return Target(self.default_backend, model)


class Stage(Lifetime, ABC, Generic[OptionsT]):
    """One step of a chain: it may change the request, answer it, call on, or call on again.

    One instance serves one position of one chain, so nothing of a single request is kept on `self`.
    Life: options are read, `__init__` (no I/O), `__aenter__`, any number of calls, `__aexit__`.

    `provides` and `requires` name what a stage adds to the exchange and what it reads there; a
    stage that requires something may not stand before the one that provides it. `last` marks the
    stage that never calls on.
    """

    Options: ClassVar[type[StageOptions]] = StageOptions
    provides: ClassVar[frozenset[str]] = frozenset()
    requires: ClassVar[frozenset[str]] = frozenset()
    last: ClassVar[bool] = False

    def __init__(self, options: OptionsT, kit: Kit) -> None:
        self.options = options
        self.kit = kit

    def tell(self, exchange: Exchange, decision: str) -> None:
        """Note in a few words what this stage has decided, without any text of the conversation:
        whoever asks why a request went as it did reads it."""
        exchange.trace.decisions.append((self.kit.stage, decision))

    @abstractmethod
    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        """Answer `exchange`. Code after `await call_next(…)` runs when the answer's head is there,
        not at its end: what belongs to the end goes into `reply.on_close`."""


class Gate(Stage[OptionsT]):
    """A stage that lets a caller in or not, whatever it asks for: also a list of models."""

    provides = frozenset({"caller"})

    @abstractmethod
    async def admit(self, client: Client) -> Caller:
        """Who this client is; raises `Unauthorized`."""

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        client = exchange.client
        caller = client.admitted.get(self) or await self.admit(client)
        exchange.trace.notes["caller"] = caller.id
        if caller.tenant:
            exchange.trace.notes["tenant"] = caller.tenant
        self.tell(exchange, f"let {caller.id} in")
        return await call_next(exchange.of_caller(caller))
