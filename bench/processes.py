"""Processes under test, and the CPU time and memory they have used."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "bench"
"""What the bench makes for itself."""

KEY = "fake-client-key"
_HEADERS = {"Authorization": f"Bearer {KEY}"}
_PATIENCE = 60.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Process:
    """A server in a process of its own; `ready_seconds` is how long it took to listen, and
    `headers` is what it wants to see in a request."""

    def __init__(
        self,
        port: int,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None = None,
        program: str = sys.executable,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.port = port
        self.headers = {"Content-Type": "application/json", **(headers or _HEADERS)}
        self._command = [program, *arguments]
        self._environment = {**os.environ, **(environment or {})}
        self.ready_seconds = 0.0

    def __enter__(self) -> Self:
        began = time.perf_counter()
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while time.perf_counter() - began < _PATIENCE and self._process.poll() is None:
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", self.port)):
                    self.ready_seconds = time.perf_counter() - began
                    return self
            time.sleep(0.005)
        self.__exit__()
        raise RuntimeError(f"{self._command} did not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def cpu_seconds(self) -> float:
        """User and system time so far, that of its workers included."""
        return sum(_cpu_seconds(pid) for pid in [self._process.pid, *self._workers()])

    def shares(self) -> list[float]:
        """The CPU seconds of each worker so far."""
        return [_cpu_seconds(pid) for pid in self._workers()]

    def resident_megabytes(self) -> float:
        """Memory in use now, in one process."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def under(self, program: str, arguments: Sequence[str]) -> "Process":
        """The same server, started by another program that watches it."""
        command = [*arguments, *self._command]
        return Process(self.port, command, self._environment, program, self.headers)

    def end_child(self) -> None:
        """Terminate the only process that this one has started, and wait until this one is done."""
        (child,) = self._workers()
        os.kill(child, signal.SIGTERM)
        self._process.wait(_PATIENCE)

    def _workers(self) -> list[int]:
        pid = self._process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu_seconds(pid: int) -> float:
    """To the nanosecond, where /proc has hundredths: the id of a process's clock, as
    clock_getcpuclockid(3) makes it."""
    return time.clock_gettime((~pid << 3) | 2)
