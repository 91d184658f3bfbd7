"""Two workers against one. Where vendor and load leave them too little of the machine, how much
more they answer is no figure of theirs; what can be told all the same is what a request costs, and
how evenly the load is shared."""

from dataclasses import dataclass, replace

from bench.cases import WHOLE
from bench.contestants import proxy
from bench.effort import Effort
from bench.load import measure, warm_up
from bench.machine import Moment
from bench.processes import Process
from bench.table import Table

_CONNECTIONS = 128
_FULL = 0.9


@dataclass(frozen=True)
class _Run:
    """Requests a second, microseconds for each, the part of the machine in use meanwhile, and the
    part of the load that the busiest worker had."""

    rate: float
    cost: float
    busy: float
    busiest: float


def two_workers(effort: Effort, vendor: Process) -> Table:
    case = effort.of(replace(WHOLE, requests=4000, connections=_CONNECTIONS))

    def run(count: int) -> _Run:
        with proxy(vendor, workers=count) as process:
            warm_up(process, case)
            began, before = Moment.now(), process.shares()
            cost, rate = measure(process, case)
            busy = Moment.now().busy_since(began)
            worked = [now - then for now, then in zip(process.shares(), before, strict=True)]
        return _Run(rate, cost, busy, max(worked) / sum(worked) if count > 1 else 1.0)

    one, two = run(1), run(2)
    table = Table(
        "Two workers",
        f"Whole answers on {_CONNECTIONS} connections, `--workers 2` against one.",
        ["", "goal", "two", "one", "ratio"],
    )
    faster = two.rate / one.rate
    full = two.busy > _FULL
    table.add(
        "requests a second",
        "" if full else "≥ 1.7",
        f"{two.rate:.0f}",
        f"{one.rate:.0f}",
        f"{faster:.2f}",
    )
    table.add(
        "CPU of a request, µs",
        "",
        f"{two.cost:.0f}",
        f"{one.cost:.0f}",
        f"{two.cost / one.cost:.2f}",
    )
    table.add("load of the busiest worker", "", f"{two.busiest:.0%}", f"{one.busiest:.0%}", "")
    table.add("machine in use", "", f"{two.busy:.0%}", f"{one.busy:.0%}", "")
    room = one.cost / two.cost / two.busiest
    if full:
        table.add("what they could do with CPUs of their own", "≥ 1.7", "", "", f"{room:.2f}")
        table.notes.append(
            "Here the machine itself was the limit: vendor and load take what a second worker "
            "would need. So what counts is what two could do on CPUs of their own: how much more "
            "until the busiest is full, at what a request costs them."
        )
    return table
