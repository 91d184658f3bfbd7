"""The targets of loop detection hold on the half of the corpus that nothing was tuned on."""

import statistics
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_proxy.stages.loop_detection.repeats import Repeats
from llm_proxy.stages.loop_detection.thresholds import Thresholds
from tests.loops import legitimate, looping
from tests.loops.corpus import Row, honest, loops, measured
from tests.loops.page import PAGE
from tests.loops.sources import Chance


@pytest.fixture(scope="module")
def found() -> list[Row]:
    return measured(loops("reported"))


@pytest.fixture(scope="module")
def stopped() -> list[Row]:
    return measured(honest("reported"))


def test_the_corpus_is_large_enough(found: list[Row], stopped: list[Row]) -> None:
    assert sum(row.texts for row in found) >= 400
    assert sum(row.texts for row in stopped) >= 400


def test_loops_are_found(found: list[Row]) -> None:
    texts = sum(row.texts for row in found)
    assert sum(row.found for row in found) >= 0.99 * texts


def test_legitimate_texts_are_not_stopped(stopped: list[Row]) -> None:
    texts = sum(row.texts for row in stopped)
    assert sum(row.found for row in stopped) <= 0.001 * texts


def test_the_median_loop_is_found_by_its_fourth_round(found: list[Row]) -> None:
    assert statistics.median(one for row in found for one in row.rounds) <= 4


def test_every_loop_has_six_rounds() -> None:
    assert min(len(sample.ends) for sample in loops("reported")) >= 6


def test_the_halves_share_no_file() -> None:
    made = legitimate.MAKERS["library sources"]
    for_tuning = {made(Chance(str(seed), 0)) for seed in range(300)}
    assert not for_tuning & {made(Chance(str(seed), 1)) for seed in range(300)}


def test_the_page_shows_every_kind() -> None:
    page = PAGE.read_text(encoding="utf-8")
    kinds = [*looping.MAKERS, *legitimate.MAKERS]
    assert [kind for kind in kinds if f"| {kind} |" not in page] == []


@pytest.mark.long
def test_the_files_of_an_installation_are_not_stopped() -> None:
    stopped = [name for name, text in _installed() if Repeats(Thresholds()).feed(text)]
    assert len(stopped) <= 0.001 * sum(1 for _ in _installed()), stopped


def _installed() -> Iterator[tuple[str, str]]:
    """Every text file of the library and of all packages, up to a length that answers have."""
    paths = sysconfig.get_paths()
    for folder in {paths["stdlib"], paths["purelib"]}:
        for path in Path(folder).rglob("*.*"):
            if path.is_file() and path.suffix not in {".pyc", ".so"}:
                try:
                    yield str(path), path.read_text(encoding="utf-8")[:60_000]
                except (UnicodeDecodeError, OSError):
                    continue
