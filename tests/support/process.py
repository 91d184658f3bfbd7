"""A real server process, started for a test and ended by its id."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import orjson

STARTS_WITHIN = 20.0


class Server:
    """`llm-proxy serve`, on a free port unless told otherwise; use as a context manager. `url` is
    where it listens. `python` is the one of the environment that has the proxy."""

    def __init__(
        self,
        config: Path | None = None,
        environment: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        *,
        own_port: bool = False,
        python: Path = Path(sys.executable),
    ) -> None:
        self._python = python
        self._config = config
        self._environment = environment or {}
        self._arguments = arguments
        self._own_port = own_port or "--port" in arguments
        self._lines: queue.Queue[str] = queue.Queue()
        self.log: list[dict[str, Any]] = []
        self.raw_log: list[str] = []
        self.url = ""

    def __enter__(self) -> Self:
        config = ["--config", str(self._config)] if self._config else []
        port = [] if self._own_port else ["--port", "0"]
        clean = {
            name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")
        }
        self.process = subprocess.Popen(
            [self._python, "-m", "llm_proxy.server", "serve", *config, *port, *self._arguments],
            env={**clean, "PYTHONWARNINGS": "error", **self._environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        line = self.wait_for("listening on")
        self.url = line["message"].split()[-1]
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line)

    def wait_for(self, message: str, seconds: float = STARTS_WITHIN) -> dict[str, Any]:
        """The next line of the log whose message begins so."""
        while True:
            try:
                line = self._lines.get(timeout=seconds)
            except queue.Empty:
                raise AssertionError(f"no {message!r} in the log: {self.raw_log}") from None
            self.raw_log.append(line)
            try:
                entry = orjson.loads(line)
            except ValueError:
                continue
            self.log.append(entry)
            if entry["message"].startswith(message):
                return entry

    def open_files(self) -> int:
        """How many files and sockets the process has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def megabytes(self) -> float:
        """The memory that the process has in use."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1]) / 1000

    def stop(self, number: int = signal.SIGTERM, seconds: float = 20) -> int:
        """Send a signal and wait for the end; the exit status."""
        self.process.send_signal(number)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        while not self._lines.empty():
            self.raw_log.append(self._lines.get())
        return status
