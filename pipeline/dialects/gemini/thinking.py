"""How much to think, as a level or as a number of tokens, after what the model knows."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.efforts import asked_effort, fitting_effort
from llm_proxy.pipeline.params import Effort
from llm_proxy.pipeline.traits import Traits

_BUDGETS: Mapping[Effort, int] = {
    "none": 0,
    "minimal": 1024,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 24576,
    "max": 24576,
}

_LEAST_BUDGET = 128
"""Tokens for a model that cannot stop thinking."""

_MOST_BUDGET = 24576
"""Tokens that every model takes."""


def thinking_of(params: Mapping[str, Any], traits: Traits) -> dict[str, Any]:
    """`thinkingLevel` or `thinkingBudget`; empty where nothing of it is asked, or to be said."""
    effort = asked_effort(params)
    if effort is None or traits.thinking == "none":
        return {}
    if traits.thinking == "budget":
        return {"thinkingBudget": _budget(params, effort, traits)}
    return {"thinkingLevel": _level(fitting_effort(effort, traits))}


def thinks(params: Mapping[str, Any]) -> bool:
    """Whether any thinking is asked for."""
    return asked_effort(params) not in (None, "none")


def _level(effort: Effort) -> str:
    """There is no level for not thinking, and none above the highest."""
    return {"none": "MINIMAL", "max": "XHIGH"}.get(effort, effort.upper())


def _budget(params: Mapping[str, Any], effort: Effort, traits: Traits) -> int:
    if effort == "none":
        return 0 if traits.can_stop_thinking else _LEAST_BUDGET
    asked = params.get("reasoning_budget")
    tokens = asked if isinstance(asked, int) and asked > 0 else _BUDGETS[effort]
    return max(_LEAST_BUDGET, min(tokens, _MOST_BUDGET))
