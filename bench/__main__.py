"""`make bench`: the whole chain against a minimal pass-through, which writes docs/performance.md.

All stand before the same vendor on loopback and get the same load, in turns within one run, for the
machine's speed drifts: what counts is the ratio. `BENCH_ROUNDS` is how many turns there are;
`BENCH_QUICK=1` takes a look that proves nothing, and `WITH=litellm,portkey` measures others too.
Where the machine is too noisy to tell, nothing is told, and the exit status is 1;
`BENCH_ANYWAY=1` prints all the same. Only a full run on a quiet machine is written.
"""

import contextlib
import datetime as dt
import io
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bench import contestants, others, page
from bench.calls import tables_of_calls
from bench.cases import MATCHES, UNLIMITED, WHOLE, paced
from bench.effort import Effort
from bench.latency import one_connection, under_load
from bench.loop_detection import compare_loop_detection
from bench.machine import Moment, description, noise, noise_before
from bench.memory import memory_and_streams
from bench.paced import Lags
from bench.processes import ROOT, Process
from bench.state import compare_state
from bench.table import Table
from bench.translation import compare_translations
from bench.work import Contest, at_full_speed
from bench.workers import two_workers

SLICES = 5


class Bench:
    """One run; `parts` is what it has to say so far, and `spreads` how steady the figures were."""

    def __init__(self, effort: Effort) -> None:
        self._effort = effort
        self.parts: list[str] = []
        self.spreads: Sequence[float] = []

    def run(self) -> None:
        effort = self._effort
        with contestants.vendor() as vendor:
            rivals = others.asked(vendor)
            ours, yardstick = contestants.proxy(vendor), contestants.yardstick(vendor)
            with ours, yardstick:
                self._say("CPU", lambda: self._cpu(vendor, ours, yardstick, rivals))
                alone = partial(one_connection, effort, vendor, ours, yardstick)
                self._say("one connection", lambda: [alone()])
                self._say("half load", lambda: under_load(effort, ours, yardstick))
                self._say("translations", lambda: [compare_translations(effort, ours)])
            fresh = partial(memory_and_streams, effort, ours, yardstick, rivals)
            self._say("memory", lambda: [fresh()])
            self._say("workers", lambda: [two_workers(effort, vendor)])
            self._say("calls", tables_of_calls)
            settings = contestants.settings(contestants.address(vendor))
            state = partial(compare_state, effort.of(WHOLE, 0.5), settings, effort.rounds)
            self._say("state", lambda: [_printed("State on Redis", state)])
            self._say("loops", lambda: [_printed("Loop detection", compare_loop_detection)])

    def _say(self, name: str, part: Callable[[], Sequence[Table | str]]) -> None:
        began = time.monotonic()
        print(f"{name} …", end=" ", flush=True, file=sys.stderr)
        self.parts += [one if isinstance(one, str) else one.text() for one in part()]
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)

    def _cpu(
        self, vendor: Process, ours: Process, yardstick: Process, rivals: Mapping[str, Process]
    ) -> Sequence[Table]:
        with contextlib.ExitStack() as running:
            for process in rivals.values():
                running.enter_context(process)
            unlimited = contestants.proxy(vendor, contestants.UNLIMITED)
            running.enter_context(unlimited)
            contest, lags = Contest(self._effort, ours, yardstick, rivals), Lags()
            for match in MATCHES:
                contest.hold(match, at_full_speed, slices=SLICES)
            for match in UNLIMITED:
                contest.hold(match, at_full_speed, (", no limits", unlimited), SLICES)
            for match in (paced(), paced(translated=True)):
                contest.hold(match, lags)
                lags.add(match.ours.name, ours, yardstick, rivals if match.others else {})
        self.spreads = contest.spreads
        return [contest.table, lags.table, *([contest.table_of_others] if rivals else [])]


def _printed(title: str, part: Callable[[], None]) -> str:
    """What a part prints by itself, as a piece of the page."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        part()
    return f"### {title}\n\n```\n{printed.getvalue().strip()}\n```"


def _head(effort: Effort, seconds: float) -> str:
    today = dt.datetime.now(dt.UTC).date().isoformat()
    asked = [f"WITH={names}"] if (names := os.environ.get("WITH")) else []
    command = " ".join(["make bench", *asked])
    how = f"{effort.rounds} rounds in {seconds / 60:.0f} minutes"
    return f"`{command}` on {today}, {how}. {description()}."


def main() -> int:
    effort, anyway = Effort.asked(), bool(os.environ.get("BENCH_ANYWAY"))
    if (troubles := noise_before()) and not anyway:
        return _refused(troubles)
    before, began = Moment.now(), time.monotonic()
    bench = Bench(effort)
    bench.run()
    troubles = noise(before, Moment.now(), bench.spreads)
    if troubles and not anyway:
        return _refused(troubles)
    parts = [_head(effort, time.monotonic() - began), *bench.parts]
    print("\n\n".join(parts))
    if troubles:
        return _refused(troubles)
    if effort.is_full:
        page.write(parts)
        print(f"\nwritten to {page.PAGE.relative_to(ROOT)}", file=sys.stderr)
    return 0


def _refused(troubles: Sequence[str]) -> int:
    print(f"The machine is too noisy to tell: {', '.join(troubles)}.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
