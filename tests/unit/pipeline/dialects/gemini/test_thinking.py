from typing import Any

import pytest

from llm_proxy.pipeline.params import Effort
from tests.unit.pipeline.dialects.gemini.bodies import sent, to_model
from tests.unit.pipeline.dialects.gemini.test_translate import HI, asked, losses

LEVELS: dict[str, Any] = {
    "thinking": "level",
    "efforts": ("low", "high"),
    "can_stop_thinking": False,
}
BUDGETS: dict[str, Any] = {"thinking": "budget"}


def config(params: dict[str, Any], **traits: Any) -> Any:
    return sent(asked(HI, params=params), to_model(**traits)).get("generationConfig")


def shown(**fields: Any) -> Any:
    return {"thinkingConfig": {**fields, "includeThoughts": True}}


@pytest.mark.parametrize(
    ("effort", "level"),
    [
        ("minimal", "LOW"),
        ("low", "LOW"),
        ("medium", "HIGH"),
        ("high", "HIGH"),
        ("xhigh", "HIGH"),
        ("max", "HIGH"),
    ],
)
def test_efforts_as_levels(effort: Effort, level: str) -> None:
    assert shown(thinkingLevel=level) == config({"reasoning_effort": effort}, **LEVELS)


def test_all_levels_there_are() -> None:
    for effort, level in (("minimal", "MINIMAL"), ("xhigh", "XHIGH"), ("max", "XHIGH")):
        assert shown(thinkingLevel=level) == config({"reasoning_effort": effort}, thinking="level")


def test_not_to_think_is_the_least_level() -> None:
    assert {"thinkingConfig": {"thinkingLevel": "LOW"}} == config(
        {"reasoning_effort": "none"}, **LEVELS
    )
    told = config({"reasoning_effort": "none"}, thinking="level")
    assert {"thinkingConfig": {"thinkingLevel": "MINIMAL"}} == told


@pytest.mark.parametrize(
    ("params", "budget"),
    [
        ({"reasoning_effort": "minimal"}, 1024),
        ({"reasoning_effort": "low"}, 1024),
        ({"reasoning_effort": "medium"}, 8192),
        ({"reasoning_effort": "high"}, 24576),
        ({"reasoning_effort": "max"}, 24576),
        ({"reasoning_budget": 5000}, 5000),
        ({"reasoning_budget": 31999}, 24576),
        ({"reasoning_budget": 7}, 128),
    ],
)
def test_efforts_as_budgets(params: dict[str, Any], budget: int) -> None:
    assert shown(thinkingBudget=budget) == config(params, **BUDGETS)


@pytest.mark.parametrize(("can_stop", "budget"), [(True, 0), (False, 128)])
@pytest.mark.parametrize("params", [{"reasoning_effort": "none"}, {"reasoning_budget": 0}])
def test_not_to_think_is_no_budget(params: dict[str, Any], can_stop: bool, budget: int) -> None:  # noqa: FBT001 - a case
    told = config(params, thinking="budget", can_stop_thinking=can_stop)
    assert {"thinkingConfig": {"thinkingBudget": budget}} == told


def test_nothing_is_said_where_nothing_is_asked() -> None:
    assert config({}, **LEVELS) is None
    assert shown() == config({"reasoning_summary": True}, **LEVELS)


def test_a_model_that_does_not_think() -> None:
    request = asked(HI, params={"reasoning_effort": "high", "reasoning_summary": True})
    assert "generationConfig" not in sent(request, to_model(thinking="none"))
    assert ("dropped reasoning_effort",) == losses(request, to_model(thinking="none"))
