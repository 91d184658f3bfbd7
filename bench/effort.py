"""How much is done: `BENCH_ROUNDS=3` for another number of rounds, `BENCH_QUICK=1` for a look that
proves nothing."""

import os
from dataclasses import dataclass, replace
from typing import Self

from bench.load import Case

_LEAST_ROUNDS = 3


@dataclass(frozen=True)
class Effort:
    """`share` is the part of all requests that is sent."""

    rounds: int
    share: float

    @classmethod
    def asked(cls) -> Self:
        quick = bool(os.environ.get("BENCH_QUICK"))
        rounds = int(os.environ.get("BENCH_ROUNDS", "2" if quick else "5"))
        return cls(rounds, 0.1 if quick else 1.0)

    @property
    def is_full(self) -> bool:
        """Whether it proves something."""
        return self.share == 1.0 and self.rounds >= _LEAST_ROUNDS

    def of(self, case: Case, share: float = 1.0) -> Case:
        """The case with so many of its requests, but one for each connection."""
        few = max(round(case.requests * self.share * share), 1)
        return replace(case, requests=few, connections=min(case.connections, few))
