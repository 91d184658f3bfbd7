"""Noticing that a client has left while its answer is still awaited."""

import asyncio
from types import TracebackType

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

    def watch(self, request: web.Request) -> "_Watch":
        """A context in which the current task is cancelled once `request`'s client is gone."""
        return _Watch(self, request)

    def add(self, task: asyncio.Task[object], transport: asyncio.Transport) -> None:
        """Begin to look at a connection."""
        self._open[task] = transport
        if self._timer is None:
            self._schedule()

    def remove(self, task: asyncio.Task[object]) -> None:
        """Look at it no longer."""
        self._open.pop(task, None)

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._look)

    def _look(self) -> None:
        self._timer = None
        for task, transport in list(self._open.items()):
            if transport.is_closing():
                self.remove(task)
                task.cancel("the client left")
        if self._open:
            self._schedule()


class _Watch:
    __slots__ = ("_departures", "_task", "_transport")

    def __init__(self, departures: Departures, request: web.Request) -> None:
        self._departures = departures
        self._transport = request.transport
        self._task = asyncio.current_task()

    def __enter__(self) -> None:
        if self._task is not None and self._transport is not None:
            self._departures.add(self._task, self._transport)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._departures.remove(self._task)
