from typing import Any

import pytest

from llm_proxy.pipeline.dialects.anthropic_messages.thinking import (
    Limit,
    asked_thinking,
    default_limit,
    fitting_budget,
    newest_wish,
)
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.traits import Traits


def asked(params: dict[str, Any], limit: Limit, **traits: Any) -> Any:
    return asked_thinking(params, Traits(**traits), limit, Losses())


def test_a_budget_of_the_clients_own() -> None:
    thinking = asked({"reasoning_budget": 500}, Limit(9000), thinking="budget")
    assert (True, 1024) == (thinking.is_on, thinking.thinking["budget_tokens"])
    assert not asked({"reasoning_budget": 0}, Limit(9000), thinking="budget").is_on
    adaptive = asked({"reasoning_budget": 9000}, Limit(9000))
    assert "high" == adaptive.effort


def test_nothing_is_switched_on_unasked() -> None:
    assert (None, None) == (asked({}, Limit(9)).thinking, asked({}, Limit(9)).effort)
    assert not asked({"reasoning_effort": "of_tomorrow"}, Limit(9)).is_on


def test_a_limit_of_ours_makes_room() -> None:
    limit = default_limit(Traits())
    assert Limit(8192, is_ours=True) == limit
    thinking = asked({"reasoning_effort": "max"}, limit, thinking="budget")
    assert thinking.limit.tokens == 31999 + 8192
    low = asked({"reasoning_effort": "max"}, limit, thinking="budget", max_output=10_000)
    assert (10_000, 5000) == (low.limit.tokens, low.thinking["budget_tokens"])


@pytest.mark.parametrize(
    ("wanted", "limit", "expected"),
    [(2000, 2001, 2000), (2000, 2000, 1024), (9000, 8000, 4000), (1024, 1024, None)],
)
def test_fitting_budgets(wanted: int, limit: int, expected: int | None) -> None:
    assert expected == fitting_budget(wanted, limit)


def test_the_newest_wish_counts() -> None:
    both = {"reasoning_effort": "low", "reasoning_budget": 9}
    assert {"reasoning_effort": "low"} == newest_wish(both, {"reasoning_budget": 9})
    assert {"reasoning_budget": 9} == newest_wish(both, {"reasoning_effort": "low"})
    assert both == newest_wish(both, both)
    assert {"reasoning_budget": 9} == newest_wish({"reasoning_budget": 9}, both)
