"""Whether an agent goes round in circles."""

import pytest

from llm_proxy.stages.loop_detection.history import call_digest, history
from llm_proxy.stages.loop_detection.options import TurnsOptions
from llm_proxy.stages.loop_detection.stuck import Stuck, stuck
from tests.unit.stages.loop_detection.talking import done

A, B, C, D, E = ((name, "{}", f"result of {name}") for name in "ABCDE")


def found(*calls: tuple[str, str, str]) -> Stuck | None:
    return stuck(history(done(*calls)), TurnsOptions())


def test_nothing_came_twice() -> None:
    assert found() is None
    assert found(A) is None
    assert found(A, B, C, D, E) is None


def test_one_call_again_and_again() -> None:
    here = found(B, A, A, A, A)
    assert here == Stuck("A", 1, 4, 4, call_digest("A", "{}"))
    assert here.is_over
    assert not here.is_beyond
    assert found(A, A, A, A, B) is None


def test_another_result_is_another_thing() -> None:
    calls = [("poll", "{}", f"{percent} %") for percent in range(9)]
    assert found(*calls) is None


@pytest.mark.parametrize("cycle", [(A, B), (A, B, C), (A, B, C, D), (A, B, C, D, E), (A, A, B)])
def test_cycles(cycle: tuple[tuple[str, str, str], ...]) -> None:
    here = found(E, *cycle * 3)
    assert here is not None
    assert (here.cycle, here.rounds, here.is_over) == (len(cycle), 3, True)
    assert here.goes_on(cycle[0][0], call_digest(cycle[0][0], "{}"))
    assert not here.goes_on(cycle[1][0], call_digest(cycle[1][0], '{"other": 1}'))


def test_a_cycle_that_is_not_whole_goes_on_where_it_is() -> None:
    here = found(*(A, B, C) * 3, A, B)
    assert here is not None
    assert here.rounds == 3
    assert here.goes_on("C", call_digest("C", "{}"))


def test_too_few_rounds_are_not_over() -> None:
    here = found(A, B, A, B)
    assert here is not None
    assert (here.rounds, here.is_over) == (2, False)


def test_the_same_error_whatever_was_called_with() -> None:
    edits = [("edit", f'{{"old": "{n}"}}', "Error: text not found") for n in range(7)]
    here = found(*edits)
    assert here == Stuck("edit", 1, 7, 6, None)
    assert here.is_beyond
    assert here.goes_on("edit", b"anything")
    assert not here.goes_on("read", b"anything")
    assert found(*edits, A) is None


def test_the_same_success_with_other_arguments_is_progress() -> None:
    assert found(*[("edit", f'{{"old": "{n}"}}', "ok") for n in range(9)]) is None


def test_the_first_that_is_over_counts() -> None:
    here = found(*[("edit", f'{{"old": "{n % 2}"}}', "Error: no") for n in range(6)])
    assert here is not None
    assert (here.cycle, here.is_over) == (2, True)
