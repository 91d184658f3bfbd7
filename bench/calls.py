"""How much work a request is, counted in bytecodes and in calls of functions: no other program can
change that. Bytecodes agree best with time, where not much is done in C.

`python -m bench.calls [CASE [FUNCTIONS]]` prints which modules make most calls in a case
("whole", "burst", "one by one", "big"), and so many functions. The server under count runs in the
main thread, vendor and client in another, which the profile does not see.
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType, FrameType

import orjson
import uvloop
from aiohttp import web

from bench import pass_through
from bench.bytecodes import bytecodes
from bench.cases import BIG, BURST, WHOLE, paced
from bench.contestants import settings
from bench.load import Case
from bench.outside import Outside
from bench.processes import ROOT
from bench.table import Table
from llm_proxy.pipeline.config import LoggingConfig
from llm_proxy.web.edge import Edge
from llm_proxy.web.log import set_up_logging

CASES = {"whole": WHOLE, "burst": BURST, "one by one": paced(1).ours, "big": BIG}
"""In "one by one" each chunk comes when the one before has been read."""

_BATCH = 4
_WARM_UP = 3 * _BATCH
_MOST_BATCHES = 60
_SAME = 1.001
_MOST_MODULES = 25


@dataclass(frozen=True)
class Work:
    """Bytecodes for one request, and calls of Python functions and of C functions from Python; a
    coroutine that goes on counts as a call. `modules` and `functions` tell whose the Python
    functions are."""

    bytecodes: float
    python: float
    c: float
    modules: Mapping[str, float]
    functions: Mapping[str, float]

    def told(self, modules: int = 12) -> str:
        """Both numbers, and the modules that make most calls."""
        most = Counter(self.modules).most_common(modules)
        lines = [f"{calls:8.1f} {module}" for module, calls in most]
        made = f"{self.python:.0f} Python calls, {self.c:.0f} C calls"
        return "\n".join([f"{self.bytecodes:.0f} bytecodes, {made}", *lines])


def work_of(server: str, case: str) -> Work:
    """Count in a process of its own, for the log is the whole process's; `server` is "proxy" (the
    whole default chain) or "pass-through"."""
    command = [sys.executable, "-m", "bench.calls", case, "json", server]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return Work(**orjson.loads(done.stdout))


def tables_of_calls() -> list[Table]:
    """Of each case, and of a whole answer by module."""
    table = Table(
        "Work",
        "What a request takes, counted: bytecodes, and calls of functions in Python and from "
        "Python in C; a coroutine that goes on counts as a call. What is done in C is in none of "
        "them. The ratio is that of bytecodes. Streams have 100 chunks.",
        ["case", "ratio", "bytecodes", "Python", "C", "pass-through: bytecodes", "Python", "C"],
    )
    for case in CASES:
        ours, its = work_of("proxy", case), work_of("pass-through", case)
        counts = [f"{n:.0f}" for one in (ours, its) for n in (one.bytecodes, one.python, one.c)]
        table.add(case, f"{ours.bytecodes / its.bytecodes:.2f}", *counts)
    return [table, _by_module(work_of("proxy", "whole"), work_of("pass-through", "whole"))]


def _by_module(ours: Work, its: Work) -> Table:
    table = Table(
        "Whose calls",
        "The Python functions of a whole answer, by module.",
        ["module", "proxy", "pass-through"],
    )
    for module, calls in Counter(ours.modules).most_common(_MOST_MODULES):
        table.add(f"`{module}`", f"{calls:.1f}", f"{its.modules.get(module, 0):.1f}")
    return table


def count(application: Callable[[str], web.Application], case: Case) -> Work:
    """Count for one application, made for the vendor's address: batches of requests, until the
    least that a batch needs has been seen twice, so that what happens now and then does not count.
    """
    with Outside() as outside:
        return uvloop.run(_count(application(outside.address), case, outside))


async def _count(app: web.Application, case: Case, outside: Outside) -> Work:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}{case.path}"
        await outside.ask(url, case.body, _WARM_UP)
        least = await _batch(outside, url, case.body)
        for _ in range(_MOST_BATCHES):
            tally = await _batch(outside, url, case.body)
            least, other = sorted((least, tally), key=_Tally.total)
            if other.total() <= least.total() * _SAME:
                break
        return least.work()
    finally:
        await runner.cleanup()


async def _batch(outside: Outside, url: str, body: bytes) -> "_Tally":
    tally = _Tally()
    with bytecodes() as counted:
        sys.setprofile(tally)
        try:
            await outside.ask(url, body, _BATCH)
        finally:
            sys.setprofile(None)
    tally.bytecodes = counted()
    return tally


class _Tally:
    """A profile function that counts."""

    def __init__(self) -> None:
        self.bytecodes = 0
        self._python: Counter[CodeType] = Counter()
        self._c = 0

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            self._python[frame.f_code] += 1
        elif event == "c_call":
            self._c += 1

    def total(self) -> int:
        return self._python.total() + self._c

    def work(self) -> Work:
        modules, functions = Counter[str](), Counter[str]()
        for code, calls in self._python.items():
            module = _module(code.co_filename)
            modules[module] += calls
            functions[f"{module} {code.co_qualname}"] += calls
        each = [{name: n / _BATCH for name, n in found.items()} for found in (modules, functions)]
        counts = (self.bytecodes, self._python.total(), self._c)
        return Work(*(n / _BATCH for n in counts), *each)


def _module(path: str) -> str:
    """The library, or our file, in which a function stands; "<string>" is what Python
    writes itself, as for named tuples."""
    place = Path(path)
    if "site-packages" in place.parts:
        return place.parts[place.parts.index("site-packages") + 1]
    if path.startswith("<"):
        return path
    if place.is_relative_to(ROOT):
        return str(place.relative_to(ROOT)).removeprefix(".types/llm_proxy/")
    return place.stem if "python" in place.parent.name else f"{place.parent.name}/{place.stem}"


def _proxy(address: str) -> web.Application:
    set_up_logging(LoggingConfig())
    return Edge(ROOT / "pipelines.toml", settings(address)).application()


_SERVERS = {"proxy": _proxy, "pass-through": pass_through.application}


def main(case: str = "whole", most: str = "0", server: str = "proxy") -> None:
    printer, errors = sys.stdout, sys.stderr
    with Path(os.devnull).open("w") as sys.stderr:  # where the log goes
        work = count(_SERVERS[server], CASES[case])
    sys.stderr = errors
    if most == "json":
        printer.write(orjson.dumps(asdict(work)).decode())
        return
    print(work.told(1000))
    for function, calls in Counter(work.functions).most_common(int(most)):
        print(f"{calls:8.1f} {function}")


if __name__ == "__main__":
    main(*sys.argv[1:])
