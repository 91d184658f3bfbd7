"""Memory and start: of a fresh process, after many requests, for each open stream; and whether many
streams at once ever stall."""

import statistics
import time
from collections.abc import Callable, Mapping

import uvloop

from bench.cases import WHOLE, paced
from bench.effort import Effort
from bench.figures import percentile
from bench.load import send
from bench.paced import watch
from bench.processes import Process
from bench.table import Table

_REQUESTS = 200_000
_LONGEST = 100.0
_LONGEST_OF_YARDSTICK = 20.0
"""Seconds after which no more requests are begun."""

_STREAMS = 500
_PACE = 0.1
_WARM = 2000

_ROWS = {
    "ready from a warm start, s": "≤ 1",
    "idle, MB": "≤ 80",
    "per open stream, KB": "≤ 60",
    f"longest wait for a chunk, ms (pace {_PACE * 1e3:.0f})": f"≤ {_PACE * 3e3:.0f}",
    "p99 of the waits, ms": "",
    "after a tenth of the requests, MB": "",
    "after all requests, MB": "flat",
    "requests": "",
}


def memory_and_streams(
    effort: Effort, ours: Process, yardstick: Process, rivals: Mapping[str, Process]
) -> Table:
    """None of the processes runs yet. Of rivals it only tells how they start."""
    table = Table(
        "Start, memory and many streams",
        f"Memory is resident; a stall is looked for in {_STREAMS} streams of 100 chunks at once, "
        f"{_PACE * 1e3:.0f} ms apart.",
        ["", "goal", "proxy", "pass-through", *rivals],
    )
    columns = [
        _column(effort, ours, _LONGEST),
        _column(effort, yardstick, _LONGEST_OF_YARDSTICK),
    ]
    columns += [_started(process) + [""] * (len(_ROWS) - 2) for process in rivals.values()]
    for (name, goal), *cells in zip(_ROWS.items(), *columns, strict=True):
        table.add(name, goal, *cells)
    return table


def _column(effort: Effort, process: Process, seconds: float) -> list[str]:
    started = _started(process)
    with process:
        uvloop.run(send(process, WHOLE, round(_WARM * effort.share)))
        return [*started, *_streams(effort, process), *_many(effort, process, seconds)]


def _started(process: Process) -> list[str]:
    _start(process)  # after which it is warm
    ready, idle = zip(*(_start(process) for _ in range(3)), strict=True)
    return [f"{statistics.median(ready):.2f}", f"{statistics.median(idle):.0f}"]


def _start(process: Process) -> tuple[float, float]:
    """Seconds until it listened, and megabytes a little later."""
    with process:
        time.sleep(0.3)
        return process.ready_seconds, process.resident_megabytes()


def _streams(effort: Effort, process: Process) -> list[str]:
    before, during = process.resident_megabytes(), list[float]()
    case = effort.of(paced(_STREAMS, _PACE).ours)
    keep: Callable[[], None] = lambda: during.append(process.resident_megabytes())  # noqa: E731
    gaps = [gap * 1e3 for gap in watch(process, case, keep).gaps]
    each = (during[0] - before) * 1e3 / case.requests
    return [f"{each:.0f}", f"{max(gaps):.0f}", f"{percentile(gaps, 99):.0f}"]


def _many(effort: Effort, process: Process, seconds: float) -> list[str]:
    """As many requests as there is time for, a tenth after another."""
    tenth = round(_REQUESTS * effort.share / 10)
    until = time.monotonic() + seconds * effort.share
    kept: list[float] = []
    while len(kept) < 10 and time.monotonic() < until:  # noqa: PLR2004
        uvloop.run(send(process, WHOLE, tenth))
        kept.append(process.resident_megabytes())
    return [f"{kept[0]:.0f}", f"{kept[-1]:.0f}", f"{tenth * len(kept)}"]
