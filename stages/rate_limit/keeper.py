"""What is held for requests while they run."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from uuid import uuid4

from llm_proxy.pipeline.errors import StateAway
from llm_proxy.pipeline.lifetime import Lifetime
from llm_proxy.pipeline.state.charges import Charge, Lease, Standing, granted
from llm_proxy.pipeline.state.store import Store

_TIMES_KEPT = 3
"""In the time of a lease, so that one that fails does no harm."""


class Keeper(Lifetime):
    """Takes and settles charges under leases of `seconds`, and keeps these meanwhile. Whatever goes
    wrong, nothing is held longer than for that time."""

    def __init__(
        self,
        store: Store,
        seconds: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._seconds = seconds
        self._sleep = sleep
        self._running: dict[Lease, Sequence[Charge]] = {}
        self._renewing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def take(self, charges: Sequence[Charge]) -> tuple[list[Standing], Lease]:
        """As `Store.take`, under a new lease. Nothing stays held for who is cancelled meanwhile."""
        lease = Lease(uuid4().hex, self._seconds)
        held = [charge for charge in charges if charge.is_held]
        taking = asyncio.ensure_future(self._store.take(charges, lease))
        try:
            standings = await asyncio.shield(taking)
        except asyncio.CancelledError:
            await asyncio.wait([taking])
            if not taking.exception() and granted(taking.result()):
                await self.settle(held, lease, [0.0] * len(held))
            raise
        if held and granted(standings):
            self._keep(lease, held)
        return standings, lease

    async def settle(self, charges: Sequence[Charge], lease: Lease, costs: Sequence[float]) -> None:
        """As `Store.settle`; what cannot be settled is free when its lease is over."""
        self._running.pop(lease, None)
        async with self._renewing:
            pass  # or what is renewed at this moment would be held once more
        with suppress(StateAway):
            await self._store.settle(charges, lease, costs)

    def _keep(self, lease: Lease, charges: Sequence[Charge]) -> None:
        self._running[lease] = charges
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        """Until nothing runs any more."""
        while self._running:
            await self._sleep(self._seconds / _TIMES_KEPT)
            async with self._renewing:
                await asyncio.gather(*(self._again(*one) for one in self._running.items()))

    async def _again(self, lease: Lease, charges: Sequence[Charge]) -> None:
        with suppress(StateAway):
            await self._store.keep(charges, lease)
