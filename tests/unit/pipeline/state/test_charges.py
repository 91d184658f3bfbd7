"""How limits stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.state.charges import Charge, Standing, all_fit, standings


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (0, Standing(left=3, wait=0, reset=10)),
        (2.5, Standing(left=0.5, wait=0, reset=35)),
        (3, Standing(left=0, wait=0, reset=40)),
        (3.5, Standing(left=0.5, wait=5, reset=35)),
        (4, Standing(left=0, wait=10, reset=40)),
        (6, Standing(left=0, wait=30, reset=60)),
    ],
)
def test_one_of_four_in_forty_seconds(level: float, expected: Standing) -> None:
    assert [expected] == standings([Charge("a", 4, 40)], [level])


def test_one_that_is_too_full_keeps_the_others_as_they_are() -> None:
    charges = [Charge("a", 4, 40), Charge("b", 2, 40, cost=2)]
    assert [Standing(1, 0, 30), Standing(0, 0, 40)] == standings(charges, [2, 0])
    assert [Standing(2, 0, 20), Standing(1.5, 10, 10)] == standings(charges, [2, 0.5])


def test_a_limit_is_kept_by_what_it_is_of_whom() -> None:
    names = {Charge("a", 1, 60).name, Charge("a", 2, 60).name, Charge("a", 1, 60.5).name}
    assert {"1/60:a", "2/60:a", "1/60.5:a"} == names


@given(
    st.integers(1, 10**6), st.floats(0.001, 10**7), st.floats(0, 2 * 10**6), st.floats(0.001, 10**6)
)
def test_to_wait_is_to_be_refused(most: int, window: float, level: float, cost: float) -> None:
    charge = Charge("a", most, window, cost)
    (standing,) = standings([charge], [level])
    assert all_fit([charge], [level]) == (standing.wait == 0)
    assert standing.reset >= standing.wait - 1e-6 or cost > most


@pytest.mark.parametrize("levels", [[], [0.0], [0.0, 0.0, 0.0]])
def test_every_charge_has_a_level(levels: list[float]) -> None:
    charges = [Charge("a", 4, 40), Charge("b", 4, 40)]
    with pytest.raises(ValueError, match=r"^2 charges and "):
        standings(charges, levels)
