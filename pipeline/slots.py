"""How many requests may be with a backend at once, and how many may wait for their turn."""

import asyncio
from collections import deque

from llm_proxy.pipeline.errors import Busy

_COME_AGAIN = 1.0
"""Seconds; when the next answer ends cannot be known."""


class Slots:
    """First come, first served: `limit` at once (None: any number), `waiting` in the queue, each
    for at most `patience` seconds. Whoever has entered must leave, once."""

    def __init__(self, limit: int | None, waiting: int, patience: float) -> None:
        self._limit = limit
        self._longest_queue = waiting
        self._patience = patience
        self._queue: deque[asyncio.Future[None]] = deque()
        self.taken = 0

    async def enter(self) -> None:
        """Wait for a place; raises `Busy` where too many wait already, or for too long."""
        if self._limit is None or (self.taken < self._limit and not self._queue):
            self.taken += 1
            return
        if len(self._queue) >= self._longest_queue:
            raise Busy("too many requests are waiting for this backend", retry_after=_COME_AGAIN)
        await self._turn()

    def leave(self) -> None:
        """Give the place to the one who has waited longest."""
        while self._queue:
            first = self._queue.popleft()
            if not first.done():
                first.set_result(None)
                return
        self.taken -= 1

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.leave()  # the place came in the very moment in which we gave up
            elif turn in self._queue:
                self._queue.remove(turn)
            if isinstance(error, TimeoutError):
                message = f"no place at this backend within {self._patience:g} s"
                raise Busy(message, retry_after=_COME_AGAIN) from None
            raise
