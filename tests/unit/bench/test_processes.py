import sys

import pytest

from bench.processes import Process, free_port


def test_cpu_and_memory_of_a_server_are_told() -> None:
    port = free_port()
    with Process(port, ["-m", "bench.serve", "vendor", str(port)]) as process:
        assert process.ready_seconds > 0
        assert process.cpu_seconds() > 0
        assert process.shares() == []
        assert 5 < process.resident_megabytes() < 500


def test_workers_count_too() -> None:
    port = free_port()
    spin = "import sys\nwhile True: pass"
    start = (
        "import signal, socket, subprocess, sys\n"
        f"worker = subprocess.Popen([sys.executable, '-c', {spin!r}])\n"
        "signal.signal(signal.SIGTERM, lambda *_: (worker.kill(), worker.wait(), sys.exit()))\n"
        f"server = socket.create_server(('127.0.0.1', {port}))\n"
        "while True: server.accept()\n"
    )
    with Process(port, ["-c", start]) as process:
        while sum(process.shares()) < 0.05:
            pass
        assert process.cpu_seconds() > 0.05


def test_a_server_that_does_not_start_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        Process(free_port(), ["-c", "raise SystemExit(1)"], program=sys.executable).__enter__()
