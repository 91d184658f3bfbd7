"""What goes on in place of shared state while that is away."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from math import inf
from types import TracebackType
from typing import Self, TypeVar

from llm_proxy.pipeline.errors import StateAway
from llm_proxy.pipeline.state.charges import Charge, Lease, Standing, standings
from llm_proxy.pipeline.state.store import (
    KEYS,
    Change,
    Outage,
    Outages,
    SharedStore,
    Store,
    Use,
    WhenAway,
    finished,
)

KNOCK_EVERY = 0.5
"""Seconds between two looks whether it is back."""

KEYS_KNOWN_FOR = 300.0
"""Seconds; so long after it was looked up a caller's key is good enough while nobody can look."""

T = TypeVar("T")

_USES: Mapping[str, Use] = {"cache": "cache"}

_log = logging.getLogger(__name__)


class GuardedStore(Store):
    """Shared state, and for each use what takes its place while it is away.

    After the first call that fails nobody waits for it any more, until it has answered a knock. So
    an outage costs each request at most the time limit of one call. What is kept for others is also
    kept in `local` where a use is to go on with what this process knows.
    """

    def __init__(
        self,
        shared: SharedStore,
        local: Store,
        when_away: Mapping[Use, WhenAway],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._shared = shared
        self._local = local
        self._when_away = when_away
        self._clock = clock
        self._sleep = sleep
        self._away_since: float | None = None
        self._back_since = -inf
        self._outages = 0
        self._seconds_away = 0.0
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._shared.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._watch:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        await self._shared.__aexit__(kind, error, traceback)

    @property
    def outage(self) -> Outage | None:
        if self._away_since is None:
            return None
        return Outage(self._clock() - self._away_since, self._when_away)

    @property
    def outages(self) -> Outages:
        now = self.outage.seconds if self.outage else 0.0
        return Outages(self._outages, self._seconds_away + now)

    async def load(self, key: str) -> bytes | None:
        if key.startswith(KEYS):
            return await self._load_key(key)
        return await self._ask(use_of(key), lambda store: store.load(key), None)

    async def save(self, key: str, value: bytes, ttl: float) -> None:
        await self._ask(use_of(key), lambda store: store.save(key, value, ttl), None)
        if self._goes_on_locally(key):
            await self._local.save(key, value, ttl)

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        is_new = await self._ask(use_of(key), lambda store: store.add(key, value, ttl), True)
        if is_new and self._goes_on_locally(key):
            await self._local.save(key, value, ttl)
        return is_new

    async def drop(self, key: str) -> None:
        await self._ask(use_of(key), lambda store: store.drop(key), None)
        if self._goes_on_locally(key):
            await self._local.drop(key)

    async def update_all(self, changes: Mapping[str, Change | bytes], ttl: float) -> None:
        made: dict[str, bytes | None] = {}

        def noted(key: str, change: Change, before: bytes | None) -> bytes | None:
            made[key] = after = change(before)
            return after

        noting: dict[str, Change | bytes] = {}
        for key, change in changes.items():
            noting[key] = change if isinstance(change, bytes) else partial(noted, key, change)
        one = next(iter(changes))
        await self._ask(use_of(one), lambda store: finished(store.update_all(noting, ttl)), None)
        if self._goes_on_locally(one):
            known = {key: partial(_to, after) for key, after in made.items()}
            await finished(self._local.update_all({**noting, **known}, ttl))

    async def take(self, charges: Sequence[Charge], lease: Lease | None = None) -> list[Standing]:
        taken = await self._ask("limits", lambda store: store.take(charges, lease), None)
        return standings(charges, [0.0] * len(charges)) if taken is None else taken

    async def keep(self, charges: Sequence[Charge], lease: Lease) -> None:
        await self._ask("limits", lambda store: store.keep(charges, lease), None)

    async def settle(self, charges: Sequence[Charge], lease: Lease, costs: Sequence[float]) -> None:
        await self._ask("limits", lambda store: store.settle(charges, lease, costs), None)

    async def _load_key(self, key: str) -> bytes | None:
        """A caller's key. While nobody can tell a wrong one from a new one, those go on that are in
        use, and all others are told to come again."""
        found = await self._ask("keys", lambda store: store.load(key), None)
        if found is not None:
            await self._local.save(key, found, KEYS_KNOWN_FOR)
        elif self._away_since is not None:
            raise StateAway("it is away")
        else:
            await self._local.drop(key)
        return found

    def _goes_on_locally(self, key: str) -> bool:
        return self._when_away[use_of(key)] == "local"

    async def _ask(self, use: Use, ask: Callable[[Store], Awaitable[T]], nothing: T) -> T:
        """The answer of the shared store, or of what takes its place."""
        if self._away_since is None:
            outages = self._outages
            try:
                return await ask(self._shared)
            except StateAway as error:
                if outages == self._outages:  # what began before an earlier outage tells nothing
                    self._leave(error.why)
        when_away = self._when_away[use]
        if when_away == "closed":
            raise StateAway("it is away")
        return await ask(self._local) if when_away == "local" else nothing

    def _leave(self, why: str) -> None:
        self._outages += 1
        self._away_since = self._clock()
        self._watch = asyncio.create_task(self._knock())
        _log.error("the shared state is away", extra={"reason": why, "instead": self._when_away})

    async def _knock(self) -> None:
        """Until it answers; at once to begin with, for one call may fail by chance, but not where
        the last answer promised too much."""
        if self._clock() - self._back_since < KNOCK_EVERY:
            await self._sleep(KNOCK_EVERY)
        while self._away_since is not None:
            try:
                await self._shared.knock()
            except StateAway:
                await self._sleep(KNOCK_EVERY)
                continue
            self._back_since = self._clock()
            seconds = self._back_since - self._away_since
            self._seconds_away += seconds
            self._away_since = None
            _log.warning("the shared state is back", extra={"seconds": round(seconds, 3)})


def use_of(key: str) -> Use:
    """What a value is for, by the kind that its key begins with; most are of conversations."""
    return _USES.get(key.partition(":")[0], "sessions")


def _to(after: bytes | None, _before: bytes | None) -> bytes | None:
    """What was made of a value elsewhere, as a change."""
    return after
