"""How long a target took lately."""

import pytest

from llm_proxy.pipeline.latency import Latency


def of(*seconds: float) -> Latency:
    latency = Latency()
    for one in seconds:
        latency.add(one)
    return latency


def test_nothing_is_known_at_first() -> None:
    assert (len(of()), of().average) == (0, None)


@pytest.mark.parametrize(("percent", "expected"), [(1, 1), (50, 5), (90, 9), (95, 10), (99, 10)])
def test_a_percentile_is_one_of_the_times(percent: float, expected: float) -> None:
    assert of(*range(10, 0, -1)).percentile(percent) == expected


def test_the_newest_count_most() -> None:
    assert of(1.0).average == 1
    assert of(1.0, 2.0).average == pytest.approx(1.2)
    assert of(*[1.0] * 50, *[3.0] * 20).average == pytest.approx(3, abs=0.05)


def test_old_times_are_forgotten() -> None:
    latency = of(*[100.0] * 64, *[1.0] * 64)
    assert (len(latency), latency.percentile(99)) == (64, 1)
