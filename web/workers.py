"""Several server processes on one port, and a supervisor that keeps them alive."""

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType

SHORT_LIFE = 3.0
"""Seconds; a worker that dies younger has not come up."""

REFUSED = 2
"""The exit status of a worker that refuses its configuration: however long that took, it has not
come up."""

_ENDED_WELL = (0, 130, -signal.SIGTERM, -signal.SIGINT)
"""Exit codes of workers that were told to stop, perhaps before they listened to signals."""

_log = logging.getLogger(__name__)


class Supervisor:
    """Runs `count` processes of `work`, replaces those that die, and passes signals on. If one
    gives up before any has lived, none can come up, and all end.

    `work` must be importable by name, for the processes begin from nothing.
    """

    def __init__(self, count: int, work: Callable[..., None], *arguments: object) -> None:
        self._count = count
        self._work = work
        self._arguments = arguments
        self._workers: dict[SpawnProcess, float] = {}
        self._stopping = False
        self._has_lived = False

    def run(self) -> int:
        """Supervise until a signal ends it; the exit status is 0 if all workers ended well, and the
        worker's own if the first could not come up."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGHUP, self._pass_on)
        for _ in range(self._count):
            self._start()
        status = 0
        while self._workers:
            wait([worker.sentinel for worker in self._workers])
            for worker in [worker for worker in self._workers if not worker.is_alive()]:
                lived = time.monotonic() - self._workers.pop(worker)
                if not self._stopping and not self._replace(worker, lived):
                    status = worker.exitcode or 1
                    self._end()
                elif self._stopping and worker.exitcode not in _ENDED_WELL:
                    status = status or 1
        return status

    def _start(self) -> None:
        worker = multiprocessing.get_context("spawn").Process(
            target=self._work, args=self._arguments
        )
        worker.start()
        self._workers[worker] = time.monotonic()
        if self._stopping:  # a signal came while it started
            self._end()

    def _replace(self, dead: SpawnProcess, lived: float) -> bool:
        """Whether it was worth another try."""
        came_up = lived >= SHORT_LIFE and dead.exitcode != REFUSED
        self._has_lived = self._has_lived or came_up
        gave_up = dead.exitcode is not None and dead.exitcode > 0
        extra = {"pid": dead.pid, "exit_code": dead.exitcode}
        if gave_up and not self._has_lived:
            _log.error("a worker did not come up", extra=extra)
            return False
        _log.error("a worker died and is replaced", extra=extra)
        if lived < SHORT_LIFE:
            time.sleep(SHORT_LIFE)
        self._start()
        return True

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        if self._stopping:
            self._signal_workers(signal.SIGKILL)  # asked twice: now
        self._end()

    def _end(self) -> None:
        self._stopping = True
        self._signal_workers(signal.SIGTERM)

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        self._signal_workers(number)

    def _signal_workers(self, number: int) -> None:
        for worker in self._workers:
            if worker.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, number)
