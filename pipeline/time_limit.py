"""A limit of time for what a task waits for."""

import asyncio
from types import TracebackType


class TimeLimit:
    """Cancels what is awaited inside once the time is over (`is_over`), and makes that a
    `TimeoutError`. What `asyncio.timeout` does, for less than half of what that costs a request."""

    __slots__ = ("_cancelled_before", "_seconds", "_task", "_timer", "is_over")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.is_over = False

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None  # noqa: S101 - or nothing could be awaited here
        self._task = task
        self._cancelled_before = task.cancelling()
        # What is over already is so at the first wait, were it for nothing.
        if self._seconds > 0:
            self._timer: asyncio.Handle = loop.call_later(self._seconds, self._strike)
        else:
            self._timer = loop.call_soon(self._strike)

    def lift(self) -> None:
        """From now on there is none."""
        self._timer.cancel()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        if not self.is_over:
            return
        # Somebody else may have cancelled the task at the same time; then it is cancelled.
        is_ours = self._task.uncancel() <= self._cancelled_before
        if is_ours and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _strike(self) -> None:
        self.is_over = True
        self._task.cancel()
