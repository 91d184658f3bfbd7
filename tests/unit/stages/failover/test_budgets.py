"""How much may be asked twice."""

from llm_proxy.stages.failover.budgets import HedgeBudget, RetryBudget


def begun(budget: RetryBudget, times: int) -> int:
    return sum(budget.begin() for _ in range(times))


def test_a_few_repetitions_are_always_let() -> None:
    assert begun(RetryBudget(0.0), 50) == 10


def test_and_a_share_of_the_requests_that_are_at_work() -> None:
    budget = RetryBudget(0.2)
    budget.requests = 100
    assert begun(budget, 50) == 20


def test_what_is_over_makes_room() -> None:
    budget = RetryBudget(0.0)
    begun(budget, 10)
    budget.end()
    assert begun(budget, 2) == 1


def test_extra_requests_cost_what_all_have_saved() -> None:
    budget = HedgeBudget(0.1)
    assert not budget.spend()
    for _ in range(25):
        budget.save()
    assert [budget.spend() for _ in range(3)] == [True, True, False]


def test_no_more_than_ten_are_saved() -> None:
    budget = HedgeBudget(1.0)
    for _ in range(1000):
        budget.save()
    assert sum(budget.spend() for _ in range(1000)) == 10
