"""How much a model should think, said as a word or as a number of tokens."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.params import Effort
from llm_proxy.pipeline.traits import Traits

RISING: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

_BUDGETS: Mapping[Effort, int] = {
    "none": 0,
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 24576,
    "max": 31999,
}


def asked_effort(params: Mapping[str, Any]) -> Effort | None:
    """The effort that the client asks for, by name or by a number of tokens; None if by neither."""
    effort: Effort | None = params.get("reasoning_effort")
    if effort in RISING:
        return effort
    budget = params.get("reasoning_budget")
    return _effort_of(budget) if isinstance(budget, int) and budget >= 0 else None


def asked_budget(params: Mapping[str, Any]) -> int | None:
    """The tokens to think with; None if the client says nothing of it."""
    budget = params.get("reasoning_budget")
    if isinstance(budget, int) and budget >= 0:
        return budget
    effort = asked_effort(params)
    return None if effort is None else _BUDGETS[effort]


def fitting_effort(effort: Effort, traits: Traits) -> Effort:
    """The nearest effort that the model knows: of two as near, the higher."""
    effort = traits.effort_as.get(effort, effort)
    if effort == "none" and traits.can_stop_thinking:
        return effort
    known = traits.efforts or ("low", "medium", "high")
    place = RISING.index(effort)
    return min(known, key=lambda one: (abs(RISING.index(one) - place), -RISING.index(one)))


def with_fitting_effort(
    params: Mapping[str, Any], old: Mapping[str, Any], traits: Traits, losses: Losses
) -> Mapping[str, Any]:
    """The settings for a client's own dialect, which says an effort by its name: one that a stage
    has set is made to fit the model."""
    effort = params.get("reasoning_effort")
    if effort == old.get("reasoning_effort") or effort not in RISING:
        return params
    if traits.thinking == "none":
        losses.drop("reasoning_effort")
        return {name: value for name, value in params.items() if name != "reasoning_effort"}
    if traits.thinking != "effort":
        return params
    return {**params, "reasoning_effort": fitting_effort(effort, traits)}


def _effort_of(budget: int) -> Effort:
    if budget == 0:
        return "none"
    if budget <= _BUDGETS["low"]:
        return "low"
    return "medium" if budget <= _BUDGETS["medium"] else "high"
