"""How long answers take, end to end: on one connection against asking the vendor directly, and at
half load against the pass-through, with a look at the event loop under each load."""

import asyncio
import http.client
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import aiohttp
import uvloop

from bench.cases import BIG, WHOLE, paced
from bench.effort import Effort
from bench.figures import percentile
from bench.load import Case, Failed, measure, send
from bench.paced import watch
from bench.probe import Probe
from bench.processes import Process
from bench.table import Table

_ALONE = 400
_SECONDS = 4.0


def one_connection(effort: Effort, vendor: Process, ours: Process, yardstick: Process) -> Table:
    """What is added where nobody else asks."""
    table = Table(
        "Added on one connection",
        "Milliseconds of a whole answer, end to end less directly asked, median of up "
        f"to {effort.rounds} rounds.",
        ["of the answers", "goal ≤", "proxy adds", "pass-through adds", "direct"],
    )
    count = effort.of(WHOLE).requests * _ALONE // WHOLE.requests
    rounds = [
        [_alone(process, count) for process in (vendor, ours, yardstick)] for _ in effort.turns()
    ][1:]
    for share, goal in ((50, ""), (99, "1")):
        marks = [[percentile(one, share) * 1e3 for one in each] for each in rounds]
        adds = [statistics.median(mark[who] - mark[0] for mark in marks) for who in (1, 2)]
        direct = statistics.median(mark[0] for mark in marks)
        table.add(f"p{share}", goal, *(f"{figure:.2f}" for figure in (*adds, direct)))
    return table


def _alone(process: Process, count: int) -> Sequence[float]:
    connection = http.client.HTTPConnection("127.0.0.1", process.port)
    took: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        connection.request("POST", WHOLE.path, WHOLE.body, process.headers)
        connection.getresponse().read()
        took.append(time.perf_counter() - began)
    connection.close()
    return took


def under_load(effort: Effort, ours: Process, yardstick: Process) -> tuple[Table, Table]:
    """The time of answers at half load, and the event loop's under that and other loads."""
    most = max(measure(ours, effort.of(WHOLE))[1] for _ in range(2))
    seconds = _SECONDS * effort.share
    times = Table(
        "Half load",
        f"Milliseconds of a whole answer at {most / 2:.0f} requests a second, sent by chance and "
        f"whether or not those before are answered: half of the {most:.0f} that the proxy can "
        "answer here beside vendor and load.",
        ["of the answers", "goal ≤", "ratio", "proxy", "pass-through"],
    )
    loop = Table(
        "Event loop",
        "Milliseconds until a server has answered GET /health on a connection of its own, asked "
        "every 4 ms while there is load.",
        ["load", "proxy p50", "p99", "most", "pass-through p50", "p99", "most"],
    )
    taken: dict[int, Sequence[float]] = {}

    def half(process: Process) -> None:
        taken[process.port] = uvloop.run(_open_loop(process, WHOLE, most / 2, seconds))

    _look(loop, "none", lambda _: time.sleep(seconds / 4), ours, yardstick)
    _look(loop, "half load", half, ours, yardstick)
    _look(loop, "100 paced streams", partial(_paced, effort.of(paced().ours)), ours, yardstick)
    _look(loop, "1.1 MB bodies, 4 at once", partial(_big, effort.of(BIG)), ours, yardstick)
    for share, goal in ((50, ""), (99, "3")):
        mine, its = (percentile(taken[one.port], share) * 1e3 for one in (ours, yardstick))
        times.add(f"p{share}", goal, f"{mine / its:.2f}", f"{mine:.2f}", f"{its:.2f}")
    return times, loop


def _paced(case: Case, process: Process) -> None:
    watch(process, case)


def _big(case: Case, process: Process) -> None:
    uvloop.run(send(process, replace(case, connections=4), case.requests))


def _look(
    table: Table, name: str, load: Callable[[Process], None], ours: Process, yardstick: Process
) -> None:
    cells: list[str] = []
    for process in (ours, yardstick):
        with Probe(process) as probe:
            load(process)
        took = [one * 1e3 for one in probe.took]
        cells += [f"{percentile(took, share):.2f}" for share in (50, 99, 100)]
    table.add(name, *cells)


async def _open_loop(process: Process, case: Case, rate: float, seconds: float) -> Sequence[float]:
    """The seconds of each answer, where requests come by chance (the same on each run) at `rate` a
    second."""
    url = f"http://127.0.0.1:{process.port}{case.path}"
    took: list[float] = []
    chance = random.Random(1)  # noqa: S311 - no secret
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=process.headers) as http:

        async def ask() -> None:
            began = time.perf_counter()
            async with http.post(url, data=case.body) as response:
                await response.read()
                if response.status != 200:  # noqa: PLR2004
                    raise Failed(f"status {response.status}")
            took.append(time.perf_counter() - began)

        async with asyncio.TaskGroup() as asking:
            began = due = time.perf_counter()
            while due < began + seconds:
                due += chance.expovariate(rate)
                await asyncio.sleep(max(due - time.perf_counter(), 0))
                asking.create_task(ask())
    return took
