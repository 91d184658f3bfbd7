"""Processes under test, and the CPU time they have used."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[1]

_TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Process:
    """A server in a process of its own; `ready_seconds` is how long it took to listen."""

    def __init__(
        self, port: int, arguments: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self.port = port
        self._arguments = [sys.executable, *arguments]
        self._environment = {**os.environ, **(environment or {})}
        self.ready_seconds = 0.0

    def __enter__(self) -> Self:
        began = time.perf_counter()
        self._process = subprocess.Popen(
            self._arguments, cwd=ROOT, env=self._environment, stderr=subprocess.DEVNULL
        )
        while time.perf_counter() - began < 30:  # noqa: PLR2004
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", self.port)):
                    self.ready_seconds = time.perf_counter() - began
                    return self
            time.sleep(0.005)
        raise RuntimeError(f"{self._arguments} did not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident_megabytes(self) -> float:
        """Memory in use now."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
