"""Noticing that a client has left while its answer is still awaited."""

import asyncio
from collections.abc import Callable
from functools import partial

from aiohttp import web

INTERVAL = 0.1
"""Seconds between two looks at all open connections."""


def has_left(request: web.Request) -> bool:
    """Whether the client of `request` is gone."""
    transport = request.transport
    return transport is None or transport.is_closing()


class Departures:
    """Cancels handlers whose clients have left.

    aiohttp does so itself where the runner was told to (`handler_cancellation`), as ours is; an
    application that embeds the proxy has its own runner, which usually was not, and without this
    tokens would be paid for that nobody reads.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._open: dict[asyncio.Task[object], asyncio.Transport] = {}
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, request: web.Request) -> Callable[[], object]:
        """Cancel the current task once `request`'s client is gone, until the result is called."""
        task, transport = asyncio.current_task(), request.transport
        assert task is not None  # noqa: S101 - handlers run in tasks
        if transport is not None:
            self._open[task] = transport
            if self._timer is None:
                self._schedule()
        return partial(self._open.pop, task, None)

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._look)

    def _look(self) -> None:
        self._timer = None
        for task, transport in list(self._open.items()):
            if transport.is_closing():
                del self._open[task]
                task.cancel("the client left")
        if self._open:
            self._schedule()
