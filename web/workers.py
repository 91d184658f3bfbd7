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

SHORT_LIFE = 1.0
"""Seconds; a worker that dies younger is not replaced at once, lest it be replaced for ever."""

_ENDED_WELL = (0, -signal.SIGTERM)
"""Exit codes of workers that were told to stop; the latter if it came before they listened."""

_log = logging.getLogger(__name__)


class Supervisor:
    """Runs `count` processes of `work`, replaces those that die, and passes signals on.

    `work` must be importable by name, for the processes begin from nothing.
    """

    def __init__(self, count: int, work: Callable[..., None], *arguments: object) -> None:
        self._count = count
        self._work = work
        self._arguments = arguments
        self._workers: dict[SpawnProcess, float] = {}
        self._stopping = False

    def run(self) -> int:
        """Supervise until a signal ends it; the exit status is 0 if all workers ended well."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGHUP, self._pass_on)
        for _ in range(self._count):
            self._start()
        failed = 0
        while self._workers:
            wait([worker.sentinel for worker in self._workers])
            for worker in [worker for worker in self._workers if not worker.is_alive()]:
                born = self._workers.pop(worker)
                if self._stopping:
                    failed += worker.exitcode not in _ENDED_WELL
                else:
                    self._replace(worker, time.monotonic() - born)
        return min(failed, 1)

    def _start(self) -> None:
        worker = multiprocessing.get_context("spawn").Process(
            target=self._work, args=self._arguments
        )
        worker.start()
        self._workers[worker] = time.monotonic()

    def _replace(self, dead: SpawnProcess, lived: float) -> None:
        _log.error(
            "a worker died and is replaced", extra={"pid": dead.pid, "exit_code": dead.exitcode}
        )
        if lived < SHORT_LIFE:
            time.sleep(SHORT_LIFE)
        if not self._stopping:
            self._start()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True
        self._signal_workers(signal.SIGTERM)

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        self._signal_workers(number)

    def _signal_workers(self, number: int) -> None:
        for worker in self._workers:
            if worker.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, number)
