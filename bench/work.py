"""CPU per unit of work, as ratio to the pass-through's in the same round."""

import math
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence

from bench.cases import Match
from bench.effort import Effort
from bench.figures import spread
from bench.load import Case, Failed, measure
from bench.processes import Process
from bench.table import Table

Measure = Callable[[Process, Case], float]
"""Microseconds of CPU per unit."""

_MOST_ROUNDS_OF_OTHERS = 2
_WARM_UP = 0.2


class Contest:
    """Lets all contestants do the same, in turns, and keeps the tables.

    `spreads` is how far the ratios of the rounds lie apart in each case, most by least: that the
    machine is slower for a while does not matter, as long as it is so for both.
    """

    def __init__(
        self, effort: Effort, ours: Process, yardstick: Process, others: Mapping[str, Process]
    ) -> None:
        self._effort = effort
        self._ours, self._yardstick, self._others = ours, yardstick, others
        self.spreads: list[float] = []
        self.table = Table(
            "CPU per unit of work",
            f"Microseconds of one process, median of up to {effort.rounds} rounds; the ratio is to "
            "the pass-through in the same round.",
            ["case", "goal ≤", "ratio", "least to most", "proxy", "pass-through"],
        )
        self.table_of_others = Table(
            "Other proxies",
            "Microseconds of CPU per unit of work in the same run, and how many times as much that "
            "is. What fails is not answered as it should be, here and in this version.",
            ["case", "proxy", "µs", "to the pass-through", "to ours"],
        )

    def hold(
        self,
        match: Match,
        measured: Measure,
        unlike: tuple[str, Process] | None = None,
        slices: int = 1,
    ) -> None:
        """Measure one case and add its rows; `unlike` is a proxy in the place of ours, and in what
        it is different. In a round they take turns so many times, for the machine's speed changes
        from one second to the next."""
        note, proxy = unlike or ("", self._ours)
        others = self._others if match.others else {}
        costs: dict[str, list[float]] = {name: [] for name in others}
        pairs: list[tuple[float, float]] = []
        for number in self._effort.turns():
            share = (1.0 if number else _WARM_UP) / slices
            costs_of_both = [
                (
                    measured(proxy, self._effort.of(match.ours, share)),
                    measured(self._yardstick, self._effort.of(match.its, share)),
                )
                for _ in range(slices)
            ]
            ours, its = zip(*costs_of_both, strict=True)
            pairs.append((statistics.mean(ours), statistics.mean(its)))
        for number in self._effort.turns(_MOST_ROUNDS_OF_OTHERS) if others else ():
            share = match.others * (1.0 if number else _WARM_UP)
            for name, process in others.items():
                cost = _tried(measured, process, self._effort.of(match.ours, share))
                costs[name].append(cost)
        warm = {name: figures[1:] for name, figures in costs.items()}
        self._write(match.ours.name + note, match.ours.goal, pairs[1:], warm)

    def _write(
        self,
        name: str,
        goal: float,
        pairs: Sequence[tuple[float, float]],
        told: Mapping[str, Sequence[float]],
    ) -> None:
        ratios = [ours / its for ours, its in pairs]
        our = statistics.median(ours for ours, _ in pairs)
        its = statistics.median(its for _, its in pairs)
        self.spreads.append(spread(ratios))
        self.table.add(
            name,
            f"{goal:g}",
            f"{statistics.median(ratios):.2f}",
            f"{min(ratios):.2f} to {max(ratios):.2f}",
            f"{our:.0f}",
            f"{its:.0f}",
        )
        for other, figures in told.items():
            cost = statistics.median(figures)
            costs = [f"{cost:.0f}", f"{cost / its:.1f}", f"{cost / our:.1f}"]
            self.table_of_others.add(name, other, *(["fails"] * 3 if math.isnan(cost) else costs))


def _tried(measured: Measure, process: Process, case: Case) -> float:
    """What another proxy needs, or not a number where it cannot do it."""
    try:
        return measured(process, case)
    except Failed as error:
        print(f"({case.name}: {error})", end=" ", file=sys.stderr)
        return math.nan


def at_full_speed(process: Process, case: Case) -> float:
    """As fast as it can."""
    return measure(process, case)[0]
