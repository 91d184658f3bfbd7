"""How soon a server's event loop answers while it has other things to do, seen from outside:
`python -m bench.probe PORT` asks for /health every few milliseconds on a connection of its own,
until its input ends; then it prints how many seconds each answer took, as JSON."""

import http.client
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Self

import orjson

from bench.processes import ROOT, Process

PAUSE = 0.004


def main() -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    took: list[float] = []
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        began = time.perf_counter()
        connection.request("GET", "/health")
        connection.getresponse().read()
        took.append(time.perf_counter() - began)
    sys.stdout.write(orjson.dumps(took).decode())


class Probe:
    """Watches a process while the context lasts; `took` is the seconds of each answer."""

    def __init__(self, process: Process) -> None:
        self._port = process.port
        self.took: Sequence[float] = ()

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "bench.probe", str(self._port)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe)
        assert self._process.stdout
        self._process.stdout.readline()
        return self

    def __exit__(self, *_: object) -> None:
        printed, _error = self._process.communicate()
        self.took = orjson.loads(printed)


if __name__ == "__main__":
    main()
