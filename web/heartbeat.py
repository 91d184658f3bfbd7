"""A beat whenever nothing has happened for a while."""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

Beat = Callable[[], Coroutine[Any, Any, None]]


class Heartbeat:
    """Runs `beat` each time that `seconds` have passed since the last `note`; use as a context
    manager.

    It costs one timer. A task is there only while a beat is under way, and never a second one: what
    is stuck does not pile up.
    """

    def __init__(self, seconds: float, beat: Beat) -> None:
        self._seconds = seconds
        self._beat = beat
        self._loop = asyncio.get_running_loop()
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._beating: asyncio.Task[None] | None = None

    def note(self) -> None:
        """Something has happened."""
        self._last = self._loop.time()

    async def quiet(self) -> None:
        """Wait for the end of a beat that is under way."""
        if self._beating is not None:
            await asyncio.wait([self._beating])

    async def __aenter__(self) -> Self:
        self.note()
        self._schedule()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """A beat under way may end, for half a head is none; where we are cancelled it is too."""
        if self._timer is not None:
            self._timer.cancel()
        self._beat = _nothing  # who beats often holds us: a cycle less for the collector
        if self._beating is None:
            return
        try:
            if not isinstance(error, asyncio.CancelledError):
                await asyncio.wait([self._beating])
        finally:
            self._beating.cancel()
            await asyncio.wait([self._beating])

    def _schedule(self) -> None:
        self._timer = self._loop.call_at(self._last + self._seconds, self._look)

    def _look(self) -> None:
        if self._loop.time() - self._last >= self._seconds:
            self.note()
            if self._beating is None or self._beating.done():
                self._beating = self._loop.create_task(self._beat())
        self._schedule()


async def _nothing() -> None:
    pass
