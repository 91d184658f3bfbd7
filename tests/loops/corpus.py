"""The labelled corpus, always the same for the same files: which texts are loops, and how the
detector does on them."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from llm_proxy.stages.loop_detection.repeats import Repeats
from llm_proxy.stages.loop_detection.thresholds import Thresholds
from tests.loops import legitimate, looping
from tests.loops.sources import Chance

SEED = 20_240_501
EACH = 40
"""Texts of each kind, half of them for tuning."""

Half = Literal["tuning", "reported"]


@dataclass(frozen=True)
class Sample:
    """A text; of a looping one, where the loop begins and where each of its rounds ends."""

    kind: str
    text: str
    begins: int = 0
    ends: Sequence[int] = ()
    in_arguments: bool = False


@dataclass(frozen=True)
class Row:
    """How the detector did on the texts of one kind; `rounds` passed before each was found."""

    kind: str
    texts: int
    found: int
    rounds: Sequence[int] = ()
    characters: Sequence[int] = ()

    @property
    def median_rounds(self) -> float:
        """How many rounds had passed in the median case."""
        return statistics.median(self.rounds)


def loops(half: Half) -> Iterator[Sample]:
    """The looping texts of one half."""
    for kind, maker in looping.MAKERS.items():
        for chance in _chances(kind, half):
            before, round_ = maker(chance)
            text, ends = before, list[int]()
            rounds = looping.FEWEST + chance.choice([0, 0, 0, 1, 3, 10])
            least = len(before) + looping.LEAST.get(kind, 0)
            while len(ends) < rounds or len(text) < least:
                text += round_(len(ends))
                ends.append(len(text))
            yield Sample(kind, text, len(before), ends, kind == "text inside JSON")


def honest(half: Half) -> Iterator[Sample]:
    """The legitimate texts of one half."""
    for kind, maker in legitimate.MAKERS.items():
        for chance in _chances(kind, half):
            yield Sample(kind, maker(chance))


def measured(samples: Iterator[Sample], thresholds: Thresholds | None = None) -> list[Row]:
    """How the detector does on them, by kind."""
    by_kind: dict[str, list[tuple[Sample, int | None]]] = {}
    for sample in samples:
        watched = Repeats(thresholds or Thresholds(), careful=sample.in_arguments)
        loop = watched.feed(sample.text)
        by_kind.setdefault(sample.kind, []).append((sample, loop and loop.found))
    return [_row(kind, results) for kind, results in by_kind.items()]


def _row(kind: str, results: Sequence[tuple[Sample, int | None]]) -> Row:
    found = [(sample, end) for sample, end in results if end is not None]
    rounds = [sum(1 for one in sample.ends if one <= end) for sample, end in found]
    characters = [end - sample.begins for sample, end in found]
    return Row(kind, len(results), len(found), rounds, characters)


def _chances(kind: str, half: Half) -> Iterator[Chance]:
    parity = int(half == "reported")
    for number in range(parity, EACH, 2):
        yield Chance(f"{SEED} {kind} {number}", parity)
