import pytest

from bench.machine import Moment, description, noise

BEFORE = Moment(total=100.0, idle=50.0, stolen=0.0, ours=10.0)
QUIET = Moment(total=200.0, idle=70.0, stolen=0.0, ours=88.0)


def test_a_quiet_machine_is_no_trouble() -> None:
    assert noise(BEFORE, QUIET, [1.05, 1.3, 1.1]) == []
    assert QUIET.busy_since(BEFORE) == pytest.approx(0.8)
    assert QUIET.foreign_since(BEFORE) == pytest.approx(0.02)


def test_each_kind_of_noise_is_told() -> None:
    loud = Moment(total=200.0, idle=50.0, stolen=5.0, ours=75.0)
    assert noise(BEFORE, loud, [1.1, 1.5, 1.6]) == [
        "other programs used 30% of the machine",
        "other virtual machines took 5% of it",
        "the ratios of the rounds lie 1.50 times apart",
    ]


def test_the_clocks_of_this_machine_go_on() -> None:
    before = Moment.now()
    while (after := Moment.now()).total == before.total:
        pass
    assert after.total > before.total
    assert after.ours > before.ours


def test_the_machine_is_told_on_one_line() -> None:
    told = description()
    assert "\n" not in told
    assert "aiohttp 3." in told
