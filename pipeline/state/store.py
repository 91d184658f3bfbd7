"""The one interface to shared state."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal

from llm_proxy.pipeline.errors import StateAway
from llm_proxy.pipeline.lifetime import Lifetime
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.state.charges import Charge, Lease, Standing

Change = Callable[[bytes | None], bytes | None]
"""From what is kept to what shall be; None is nothing."""

Use = Literal["sessions", "limits", "keys", "cache"]
"""What state is for: whatever is kept of conversations, how much callers have had, the keys with
which they come in, and answers that may be given again."""

KEYS = "key:"
"""What the names of callers' keys begin with."""

WhenAway = Literal["local", "open", "closed"]
"""What to do without shared state: go on with this process's own, go on without any, or refuse."""


@record
class Outage:
    """For how many seconds shared state has been away, and what each use of it does instead."""

    seconds: float
    instead: Mapping[Use, WhenAway]


@record
class Outages:
    """How often shared state has been away since the start, and for how many seconds in all."""

    number: int
    seconds: float


class Store(Lifetime, ABC):
    """Small values that expire, with keys that begin with the name of their kind ("session:…"), and
    limits.

    Every method may raise `StateAway`, where the file wants that.
    """

    @property
    def outage(self) -> Outage | None:
        """Whether it cannot be reached at present; never, for a process's own memory."""
        return None

    @property
    def outages(self) -> Outages | None:
        """What there has been of them; None where there can be none."""
        return None

    def insist(self, use: Use) -> None:
        """Raise `StateAway` while it is away, where the file wants to refuse for that: for whoever
        asks nothing of it before the end."""
        outage = self.outage
        if outage and outage.instead[use] == "closed":
            raise StateAway("it is away")

    @abstractmethod
    async def load(self, key: str) -> bytes | None:
        """The value, or None where there is none or it has expired."""

    @abstractmethod
    async def save(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds."""

    @abstractmethod
    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep `value` for `ttl` seconds where there is nothing yet; whether that was so."""

    @abstractmethod
    async def drop(self, key: str) -> None:
        """Forget the key, if it is there."""

    async def update(self, key: str, change: Change, ttl: float) -> None:
        """Put what `change` makes of the value in its place, for `ttl` seconds, as one step: of
        changes at the same time none is lost. `change` may be called more than once."""
        await finished(self.update_all({key: change}, ttl))

    @abstractmethod
    def update_all(
        self, changes: Mapping[str, Change | bytes], ttl: float
    ) -> Awaitable[None] | None:
        """As `update`, or as `save` where a value stands in place of a change, for one or more keys
        of one use, each for itself, yet all on one way there. None where it is done and there is
        nothing to wait for."""

    @abstractmethod
    async def take(self, charges: Sequence[Charge], lease: Lease | None = None) -> list[Standing]:
        """Charge several limits as one step: all of them, or none where one of them is too full.
        It was granted if none tells to wait. All keys are different. What is to be held is held
        under `lease`, which no other request has."""

    @abstractmethod
    async def keep(self, charges: Sequence[Charge], lease: Lease) -> None:
        """Hold what was taken for the lease's time from now, also if it was lost meanwhile."""

    @abstractmethod
    async def settle(self, charges: Sequence[Charge], lease: Lease, costs: Sequence[float]) -> None:
        """Hold these charges no longer, and take what they have come to, though that be more than
        there is. Once for each lease, and after it nothing is kept."""


async def finished(updating: Awaitable[None] | None) -> None:
    """Wait for what `Store.update_all` has begun."""
    if updating is not None:
        await updating


class SharedStore(Store):
    """A store outside of this process, which may be away: then every method raises `StateAway`,
    within a limit of time."""

    @abstractmethod
    async def knock(self) -> None:
        """Find out whether it is there, and does all that the other methods need."""
