"""The one interface to shared state."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from llm_proxy.pipeline.lifetime import Lifetime

Change = Callable[[bytes | None], bytes | None]
"""From what is kept to what shall be; None is nothing."""


class Store(Lifetime, ABC):
    """Small values that expire. Keys begin with the name of their kind ("session:…").

    Where it is outside of this process, every method raises `StateAway`.
    """

    @abstractmethod
    async def load(self, key: str) -> bytes | None:
        """The value, or None where there is none or it has expired."""

    @abstractmethod
    async def save(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds."""

    @abstractmethod
    async def drop(self, key: str) -> None:
        """Forget the key, if it is there."""

    @abstractmethod
    async def update(self, key: str, change: Change, ttl: float) -> None:
        """Put what `change` makes of the value in its place, for `ttl` seconds, as one step: of
        changes at the same time none is lost. `change` may be called more than once."""
