import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from llm_proxy.web import workers
from llm_proxy.web.workers import Supervisor


def _end(status: int, folder: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(status))
    (folder / str(os.getpid())).touch()
    signal.pause()


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> object:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("status", [0, 3])
def test_its_status_is_that_of_its_workers(status: int, tmp_path: Path) -> None:
    def stop() -> None:
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop).start()
    assert Supervisor(2, _end, status, tmp_path).run() == (1 if status else 0)


def test_a_worker_that_dies_young_is_not_replaced_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(workers.time, "sleep", slept.append)
    supervisor = Supervisor(1, _end)
    started: list[int] = []
    monkeypatch.setattr(supervisor, "_start", lambda: started.append(1))

    assert supervisor._replace(_Dead(), 0.1)  # type: ignore[arg-type]
    assert supervisor._replace(_Dead(), 60.0)  # type: ignore[arg-type]

    assert slept == [workers.SHORT_LIFE]
    assert started == [1, 1]


@pytest.mark.parametrize("status", [1, workers.REFUSED])
def test_where_none_comes_up_all_end(status: int) -> None:
    assert Supervisor(2, sys.exit, status).run() == status


def test_a_worker_that_refuses_its_configuration_has_not_come_up_however_slow_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    supervisor = Supervisor(1, _end)
    started: list[int] = []
    monkeypatch.setattr(supervisor, "_start", lambda: started.append(1))

    assert not supervisor._replace(_Dead(exitcode=workers.REFUSED), 60.0)  # type: ignore[arg-type]

    assert started == []


def test_a_worker_that_refuses_its_configuration_later_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    supervisor = Supervisor(1, _end)
    started: list[int] = []
    monkeypatch.setattr(supervisor, "_start", lambda: started.append(1))

    assert supervisor._replace(_Dead(), 60.0)  # type: ignore[arg-type]
    assert supervisor._replace(_Dead(exitcode=workers.REFUSED), 60.0)  # type: ignore[arg-type]

    assert started == [1, 1]


@dataclass
class _Dead:
    pid: int = 1
    exitcode: int = -signal.SIGKILL
