import pytest

from bench.effort import Effort
from bench.load import Case


def test_a_round_to_warm_up_comes_first() -> None:
    assert list(Effort(3, 1.0).turns()) == [0, 1, 2, 3]
    assert list(Effort(5, 1.0).turns(2)) == [0, 1, 2]


def test_a_slow_machine_gets_fewer_rounds_but_two() -> None:
    assert list(Effort(5, 1.0).turns(seconds=-1)) == [0, 1, 2]


def test_a_part_of_a_case_has_at_least_a_request() -> None:
    part = Effort(2, 0.1).of(Case("", b"", 20, 1.5, connections=32), 0.01)
    assert (part.requests, part.connections) == (1, 1)


@pytest.mark.parametrize(
    ("variables", "rounds", "is_full"),
    [
        ({}, 5, True),
        ({"BENCH_ROUNDS": "3"}, 3, True),
        ({"BENCH_ROUNDS": "2"}, 2, False),
        ({"BENCH_QUICK": "1"}, 2, False),
        ({"BENCH_QUICK": "1", "BENCH_ROUNDS": "9"}, 9, False),
    ],
)
def test_the_environment_says_how_much(
    variables: dict[str, str], rounds: int, *, is_full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BENCH_ROUNDS", "BENCH_QUICK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    effort = Effort.asked()
    assert (effort.rounds, effort.is_full) == (rounds, is_full)
