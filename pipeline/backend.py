"""What a backend is: one vendor's API, or a server that imitates it, behind one method."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, Generic, TypeVar

import aiohttp
from pydantic import BaseModel, ConfigDict, Field

from llm_proxy.pipeline.estimate import estimated_tokens
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.lifetime import Lifetime
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.slots import Slots
from llm_proxy.pipeline.state.store import Store
from llm_proxy.pipeline.values import Seconds


class BackendOptions(BaseModel):
    """A backend's options in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_concurrent_requests: int | None = Field(
        default=None, ge=1, description="Requests that are with it at once; without it, any number."
    )
    max_waiting: int = Field(
        default=100, ge=0, description="Requests that wait for their turn; 503 beyond it."
    )
    longest_queue_wait: Seconds = Field(default=10.0, description="How long each of them waits.")

    def why_off(self) -> str | None:
        """The reason why a backend with these options cannot be used, or None."""
        return None


OptionsT = TypeVar("OptionsT", bound=BackendOptions)


@record
class BackendKit:
    """What a backend may use of its surroundings. `backends` are all that are on, for whomever,
    itself among them; not all of them before the first request."""

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
        self.slots = Slots(
            options.max_concurrent_requests, options.max_waiting, options.longest_queue_wait
        )

    @property
    def keys(self) -> Sequence[str]:
        """The names of its keys, for a target to say which one to use; none where there is no
        choice."""
        return ()

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
