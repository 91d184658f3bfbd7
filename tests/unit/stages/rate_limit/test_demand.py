"""What one request takes of each of its limits."""

from unittest.mock import Mock, PropertyMock

import pytest

from llm_proxy.pipeline.events import Usage
from llm_proxy.pipeline.exchange import Caller
from llm_proxy.pipeline.state.charges import Charge
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.rate_limit.asked import Asked
from llm_proxy.stages.rate_limit.demand import Demand
from llm_proxy.stages.rate_limit.prices import Price, Prices
from llm_proxy.stages.rate_limit.rules import Rule
from tests.support.stages import asking
from tests.unit.stages.rate_limit.asking import KIT

CHEAP, DEAR, FREE = Target("b", "cheap"), Target("b", "dear"), Target("b", "free")
PRICES = Prices({"cheap": Price(input=1, output=1), "dear": Price(input=10_000, output=20_000)})

REQUESTS = Rule("requests", "key", 60, 60)
TOKENS = Rule("tokens", "key", 5000, 60)
MONEY = Rule("money", "key", 100, 60)
SLOTS = Rule("in_flight", "key", 2, 0)
ALL = (REQUESTS, TOKENS, MONEY, SLOTS)

EXPECTED = Usage(100, 1000)


def demand(
    *rules: Rule, targets: tuple[Target, ...] = (CHEAP,), counts_only: bool = False
) -> Demand:
    names = [target.model for target in targets]
    asked = Mock(
        spec=Asked, targets=targets, names=names, expected=EXPECTED, counts_only=counts_only
    )
    asked.subject.return_value = Caller("a").id
    return Demand("here", rules, asked, PRICES)


def test_what_is_taken_beforehand() -> None:
    assert [
        Charge("here:requests:key::a", 60, 60, 1),
        Charge("here:tokens:key::a", 5000, 60, 1100, is_held=True),
        Charge("here:money:key::a", 100, 60, 0.0011, is_held=True),
        Charge("here:in_flight:key::a", 2, 0, 1, is_held=True),
    ] == [due.charge for due in demand(*ALL).taken]


def test_what_it_has_come_to() -> None:
    one = demand(*ALL)
    assert ["tokens", "money", "in_flight"] == [due.rule.of for due in one.held]
    assert [30, pytest.approx(0.5), 0] == one.costs(Usage(10, 20), DEAR)
    assert [30, 0, 0] == one.costs(Usage(10, 20), FREE)
    assert [0, 0, 0] == one.costs(Usage(0, 0), None)


def test_no_more_is_taken_beforehand_than_there_is() -> None:
    (due,) = demand(Rule("tokens", "key", 500, 60)).taken
    assert 500 == due.charge.cost


@pytest.mark.parametrize(
    ("targets", "expected"),
    [((CHEAP,), 0.0011), ((CHEAP, DEAR), 21.0), ((FREE, CHEAP), 0.0011)],
)
def test_money_is_that_of_the_dearest_target(targets: tuple[Target, ...], expected: float) -> None:
    one = demand(MONEY, targets=targets)
    assert [pytest.approx(expected)] == [due.charge.cost for due in one.taken]
    assert one.is_priced is True


def test_without_a_price_no_money_is_taken_but_another_models_is_counted() -> None:
    one = demand(MONEY, targets=(FREE,))
    assert (False, []) == (one.is_priced, one.taken)
    assert [pytest.approx(0.5)] == one.costs(Usage(10, 20), DEAR)


def test_to_count_tokens_costs_none() -> None:
    one = demand(*ALL, counts_only=True)
    assert ["requests", "in_flight"] == [due.rule.of for due in one.taken]


def test_nobody_estimates_what_nobody_wants_to_know() -> None:
    expect = PropertyMock()

    class Unasked(Asked):
        expected = expect

    one = Demand("here", [REQUESTS, SLOTS], Unasked(asking(), KIT), PRICES)
    assert 2 == len(one.taken)
    expect.assert_not_called()


def test_a_limit_of_other_models_does_not_count() -> None:
    assert [] == demand(Rule("tokens", "key", 5, 60, ("dear",))).taken
