import math
from itertools import count

import pytest

from bench.cases import Match
from bench.effort import Effort
from bench.load import Case, Failed
from bench.processes import Process
from bench.work import Contest

CASE = Case("whole answer", b"", 10, 1.5)
OURS, YARDSTICK, OTHER = (Process(port, []) for port in (1, 2, 3))


def test_what_counts_is_the_ratio_within_a_round() -> None:
    machine = count(1)  # becomes slower and slower

    def measured(process: Process, _: Case) -> float:
        return {OURS: 30.0, YARDSTICK: 10.0}[process] * (1 + next(machine) // 2)

    contest = Contest(Effort(3, 1.0), OURS, YARDSTICK, {})
    contest.hold(Match(CASE, CASE), measured)
    [(name, goal, ratio, _, ours, its)] = contest.table.rows
    assert (name, goal, ratio, ours, its) == ("whole answer", "1.5", "2.25", "90", "40")
    assert contest.spreads == [pytest.approx(1.2)]


def test_another_proxy_is_measured_with_its_share_and_may_fail() -> None:
    asked: list[int] = []

    def measured(process: Process, case: Case) -> float:
        if process is OTHER:
            asked.append(case.requests)
            return 200.0
        return 20.0 if process is OURS else 10.0

    contest = Contest(Effort(3, 1.0), OURS, YARDSTICK, {"other": OTHER})
    contest.hold(Match(CASE, CASE, 0.5), measured)
    assert asked == [1, 5, 5]
    assert contest.table_of_others.rows == [("whole answer", "other", "200", "20.0", "10.0")]


def test_a_proxy_that_cannot_do_it_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    def measured(process: Process, _: Case) -> float:
        if process is OTHER:
            raise Failed("status 500")
        return 1.0

    contest = Contest(Effort(1, 1.0), OURS, YARDSTICK, {"other": OTHER})
    contest.hold(Match(CASE, CASE, 1.0), measured)
    assert contest.table_of_others.rows == [("whole answer", "other", "fails", "fails", "fails")]
    assert "(whole answer: status 500)" in capsys.readouterr().err


def test_ours_may_not_fail() -> None:
    def measured(_process: Process, _case: Case) -> float:
        raise Failed("status 500")

    with pytest.raises(Failed, match="status 500"):
        Contest(Effort(1, 1.0), OURS, YARDSTICK, {}).hold(Match(CASE, CASE), measured)


def test_a_proxy_in_the_place_of_ours_is_named() -> None:
    unlimited = Process(4, [])

    def measured(process: Process, _: Case) -> float:
        return 3.0 if process is unlimited else 2.0 if process is YARDSTICK else math.nan

    contest = Contest(Effort(1, 1.0), OURS, YARDSTICK, {})
    contest.hold(Match(CASE, CASE), measured, (", no limits", unlimited))
    assert contest.table.rows[0][:3] == ("whole answer, no limits", "1.5", "1.50")
