"""The load, and what it costs the process that serves it."""

import asyncio
import time
from dataclasses import dataclass

import aiohttp
import uvloop

from bench.processes import Process


class Failed(Exception):
    """A server does not answer as it should."""


@dataclass(frozen=True)
class Case:
    """A kind of request, how many of it, over how many connections; `goal` is the ratio aimed at
    and `units` what one request is made of."""

    name: str
    body: bytes
    requests: int
    goal: float
    path: str = "/v1/chat/completions"
    connections: int = 32
    units: int = 1


async def send(process: Process, case: Case, count: int) -> float:
    """Send `count` requests; the seconds it took."""
    url = f"http://127.0.0.1:{process.port}{case.path}"
    left = iter(range(count))
    connector = aiohttp.TCPConnector(limit=case.connections)
    async with aiohttp.ClientSession(connector=connector, headers=process.headers) as http:

        async def work() -> None:
            for _ in left:
                async with http.post(url, data=case.body) as response:
                    await response.read()
                    if response.status != 200:  # noqa: PLR2004
                        raise Failed(f"status {response.status}")

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(case.connections)))
        return time.perf_counter() - began


def measure(process: Process, case: Case) -> tuple[float, float]:
    """Microseconds of CPU per unit, and requests per second."""
    before = process.cpu_seconds()
    seconds = uvloop.run(send(process, case, case.requests))
    used = process.cpu_seconds() - before
    return used / case.requests / case.units * 1e6, case.requests / seconds


def warm_up(process: Process, case: Case) -> None:
    """A fifth of the load, not measured."""
    uvloop.run(send(process, case, max(case.requests // 5, 1)))
