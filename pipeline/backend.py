"""What a backend is: one vendor's API, or a server that imitates it, behind one method."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

import aiohttp
from pydantic import BaseModel, ConfigDict

from llm_proxy.pipeline.estimate import estimated_tokens
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.lifetime import Lifetime
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.state.store import Store


class BackendOptions(BaseModel):
    """A backend's options in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def why_off(self) -> str | None:
        """The reason why a backend with these options cannot be used, or None."""
        return None


OptionsT = TypeVar("OptionsT", bound=BackendOptions)


@dataclass(frozen=True, slots=True)
class BackendKit:
    """What a backend may use of its surroundings. `backends` are all that are on, itself among
    them; not all of them before the first request."""

    http: aiohttp.ClientSession
    store: Store
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    backends: "Mapping[str, Backend[Any]]" = field(default_factory=dict[str, "Backend[Any]"])


class Backend(Lifetime, ABC, Generic[OptionsT]):
    """A place where models answer. `name` is its name in the file."""

    Options: ClassVar[type[BackendOptions]] = BackendOptions

    def __init__(self, name: str, options: OptionsT, kit: BackendKit) -> None:
        self.name = name
        self.options = options
        self.kit = kit

    @abstractmethod
    async def send(self, exchange: Exchange, model: str) -> Reply:
        """Ask `model` and return its answer as soon as the head is there.

        Raises `UpstreamError`; foreign errors are renamed here and nowhere else.
        """

    async def count(self, exchange: Exchange, model: str) -> int:
        """How many tokens the request would be for `model`: estimated, where the vendor does not
        count for free. Raises `UpstreamError`."""
        return estimated_tokens(exchange.request)

    @abstractmethod
    async def models(self) -> list[str]:
        """The names of the models it offers; raises `UpstreamError`. Never a paid call."""
