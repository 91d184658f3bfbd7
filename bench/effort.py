"""How much is done: `BENCH_ROUNDS=3` for another number of rounds, `BENCH_QUICK=1` for a look that
proves nothing."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from bench.load import Case

_LEAST = 2
_LONGEST = 20.0


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
        return self.share == 1.0 and self.rounds > _LEAST

    def turns(self, most: int | None = None, seconds: float = _LONGEST) -> Iterator[int]:
        """The numbers of the rounds, at most `most`; before them 0, which is to warm up. On a slow
        machine they end after so many seconds, but not before the second."""
        began = time.monotonic()
        for number in range(min(self.rounds, most or self.rounds) + 1):
            if number > _LEAST and time.monotonic() > began + seconds:
                return
            yield number

    def of(self, case: Case, share: float = 1.0) -> Case:
        """The case with so many of its requests, but one for each connection."""
        few = max(round(case.requests * self.share * share), 1)
        return replace(case, requests=few, connections=min(case.connections, few))
