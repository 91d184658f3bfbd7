"""Many streams at once whose chunks come bit by bit: how late each chunk is, and the longest wait
between two of a stream. The vendor writes into a chunk when it sent it (bench/vendor.py)."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
import uvloop

from bench.figures import percentile
from bench.load import Case, Failed
from bench.processes import Process
from bench.table import Table
from bench.vendor import CHUNKS

_SENT = re.compile(rb"@(\d+)@")


@dataclass
class Seen:
    """Of all streams: the seconds by which each chunk came late, and each wait for a chunk but a
    stream's first; and the CPU microseconds that a chunk took."""

    lags: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    cpu: float = 0.0


def _nothing() -> None:
    pass


def watch(process: Process, case: Case, midway: Callable[[], None] = _nothing) -> Seen:
    """Ask for all streams of the case at once; `midway` is called when half of it is over."""
    before = process.cpu_seconds()
    seen = uvloop.run(_watch(process, case, midway))
    seen.cpu = (process.cpu_seconds() - before) / case.requests / CHUNKS * 1e6
    if len(seen.lags) != case.requests * CHUNKS:
        raise Failed(f"{len(seen.lags)} chunks of {case.requests} streams")
    return seen


async def _watch(process: Process, case: Case, midway: Callable[[], None]) -> Seen:
    seen = Seen()
    url = f"http://127.0.0.1:{process.port}{case.path}"
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=process.headers) as http:

        async def follow(number: int) -> None:
            async with http.post(url, data=case.body) as response:
                await _follow(response, seen, midway if number == 0 else _nothing)

        await asyncio.gather(*(follow(number) for number in range(case.requests)))
    return seen


async def _follow(response: aiohttp.ClientResponse, seen: Seen, midway: Callable[[], None]) -> None:
    begun, last, rest = 0, 0.0, b""
    async for data in response.content.iter_any():
        now = time.monotonic()
        lines, line_end, rest = (rest + data).rpartition(b"\n")
        sent = _SENT.findall(lines) if line_end else []
        seen.lags += [now - int(one) / 1e6 for one in sent]
        if sent:
            if last:
                seen.gaps.append(now - last)
            if begun < CHUNKS // 2 <= begun + len(sent):
                midway()
            begun, last = begun + len(sent), now


class Lags:
    """Measures paced streams, and keeps what it saw of each process."""

    def __init__(self) -> None:
        self._seen: dict[int, dict[str, list[Seen]]] = {}
        self.table = Table(
            "How late a chunk is",
            "Milliseconds from the vendor's writing a chunk to the client's having read it, of all "
            "rounds; the ratio is that of p99 to the pass-through's.",
            ["case", "goal ≤", "ratio", "p50", "p99"],
        )

    def __call__(self, process: Process, case: Case) -> float:
        seen = watch(process, case)
        self._seen.setdefault(process.port, {}).setdefault(case.name, []).append(seen)
        return seen.cpu

    def add(
        self, name: str, ours: Process, yardstick: Process, rivals: Mapping[str, Process]
    ) -> None:
        """Rows for the case of that name."""
        _, its99 = self._lags(yardstick, name)
        for who, process in {"": ours, "pass-through": yardstick, **rivals}.items():
            if not self._rounds(process, name):
                continue  # it could not do it
            p50, p99 = self._lags(process, name)
            row = f"{name}, {who}" if who else name
            figures = (f"{p99 / its99:.2f}", f"{p50:.2f}", f"{p99:.2f}")
            self.table.add(row, "" if who else "2", *figures)

    def _lags(self, process: Process, name: str) -> tuple[float, float]:
        lags = [lag * 1e3 for seen in self._rounds(process, name) for lag in seen.lags]
        return percentile(lags, 50), percentile(lags, 99)

    def _rounds(self, process: Process, name: str) -> list[Seen]:
        """All but the first, which is to warm up."""
        return self._seen.get(process.port, {}).get(name, [])[1:]
