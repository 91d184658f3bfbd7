import pytest

from bench.figures import percentile, spread


@pytest.mark.parametrize(("share", "expected"), [(1, 1), (50, 50), (99, 99), (100, 100)])
def test_a_percentile_is_one_of_the_samples(share: float, expected: float) -> None:
    assert percentile(range(100, 0, -1), share) == expected


def test_one_sample_is_every_percentile() -> None:
    assert [percentile([7.0], share) for share in (0, 50, 100)] == [7.0] * 3


def test_the_spread_is_most_by_least() -> None:
    assert spread([2.0, 3.0, 2.5]) == 1.5


def test_the_outermost_of_many_do_not_count() -> None:
    assert spread([2.0, 9.0, 0.1, 3.0]) == 1.5
