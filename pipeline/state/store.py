"""The one interface to shared state."""

from abc import ABC, abstractmethod


class Store(ABC):
    """Small values that expire. Keys begin with the name of what they belong to ("session:…")."""

    @abstractmethod
    async def load(self, key: str) -> bytes | None:
        """The value, or None where there is none or it has expired."""

    @abstractmethod
    async def save(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds."""

    @abstractmethod
    async def drop(self, key: str) -> None:
        """Forget the key, if it is there."""
