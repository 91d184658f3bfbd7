"""What was measured on, and whether it was quiet enough to tell."""

import importlib.metadata
import os
import platform
import resource
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_LIBRARIES = ("aiohttp", "uvloop", "orjson", "pydantic")
_TICKS = os.sysconf("SC_CLK_TCK")

MOST_SPREAD = 1.25
MOST_FOREIGN = 0.1
MOST_STOLEN = 0.03


@dataclass(frozen=True)
class Moment:
    """Where the machine's clocks stood: seconds of all CPUs together, since it was started; `ours`
    is the CPU time of this process and of those that it has started and that are over."""

    total: float
    idle: float
    stolen: float
    ours: float

    @classmethod
    def now(cls) -> Self:
        line = Path("/proc/stat").read_text("ascii").partition("\n")[0]
        ticks = [int(field) / _TICKS for field in line.split()[1:9]]
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        ours = sum(one.ru_utime + one.ru_stime for one in used)
        return cls(sum(ticks), ticks[3] + ticks[4], ticks[7], ours)

    def busy_since(self, before: Self) -> float:
        """The part of all CPUs that was in use."""
        return 1 - (self.idle - before.idle) / (self.total - before.total)

    def stolen_since(self, before: Self) -> float:
        """The part of all CPUs that other virtual machines had."""
        return (self.stolen - before.stolen) / (self.total - before.total)

    def foreign_since(self, before: Self) -> float:
        """The part of all CPUs that was used, but by nobody whom we started."""
        ours = (self.ours - before.ours) / (self.total - before.total)
        return self.busy_since(before) - self.stolen_since(before) - ours


def noise_before(seconds: float = 2.0) -> list[str]:
    """What is going on before anything is measured; one sentence for each trouble."""
    before = Moment.now()
    time.sleep(seconds)
    return noise(before, Moment.now(), [1.0])


def noise(before: Moment, after: Moment, spreads: Sequence[float]) -> list[str]:
    """Why nothing can be told from what was measured between the two, one sentence each.

    `spreads`: how far the ratios of the rounds lie apart in each case, most by least.
    """
    foreign, stolen = after.foreign_since(before), after.stolen_since(before)
    spread = statistics.median(spreads)
    troubles = {
        f"other programs used {foreign:.0%} of the machine": foreign > MOST_FOREIGN,
        f"other virtual machines took {stolen:.0%} of it": stolen > MOST_STOLEN,
        f"the ratios of the rounds lie {spread:.2f} times apart": spread > MOST_SPREAD,
    }
    return [trouble for trouble, is_so in troubles.items() if is_so]


def description() -> str:
    """CPU, cores, memory, kernel, Python and the libraries that matter, on a line."""
    model = "CPU"
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(": ")[2]
            break
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES]
    kernel = platform.release().partition("-")[0]
    parts = [
        f"{model}, {os.cpu_count()} cores, {megabytes / 1024:.0f} GiB",
        f"{platform.system()} {kernel}",
        f"{platform.python_implementation()} {platform.python_version()}",
        *versions,
    ]
    return "; ".join(parts)
