"""How long each of many waits may take."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class Patience:
    """Lets no wait take longer than so many seconds, one wait at a time, with one timer for all.

    `asyncio.timeout` sets a timer for each and takes it back, which costs more than to read a chunk
    of a stream. Whoever has waited for the last time says `stop`.
    """

    __slots__ = ("_is_over", "_loop", "_seconds", "_since", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False

    async def wait_for(self, result: Awaitable[T]) -> T:
        """The result; raises `TimeoutError` where it takes too long."""
        task = self._task = asyncio.current_task(self._loop)
        assert task is not None  # noqa: S101 - what is awaited is awaited by a task
        cancelled_before = task.cancelling()
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)
        try:
            return await result
        except asyncio.CancelledError as error:
            if self._is_over and task.uncancel() <= cancelled_before:
                raise TimeoutError from error
            raise
        finally:
            self._task = None

    def stop(self) -> None:
        """Take the timer back."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        if self._task is None:
            return
        left = self._since + self._seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._is_over = True
            self._task.cancel()
