"""How much a model should think, in this dialect's words: a budget, or an effort beside adaptive
thinking."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.efforts import asked_budget, asked_effort, fitting_effort
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.traits import Traits

LEAST_BUDGET = 1024

_LIMIT = 8192
_HIGHEST_LIMIT = 32_000

_ROOM = 8192
"""Tokens for the answer beside those for thinking, where the limit is ours to set."""

DISABLED: Mapping[str, Any] = {"type": "disabled"}


@record
class Limit:
    """The most tokens of an answer; `is_ours` where the client named none."""

    tokens: int
    is_ours: bool = False


@record
class Thinking:
    """The fields `thinking` and `output_config.effort`, None where they are left out, and the limit
    that goes with them."""

    limit: Limit
    thinking: Mapping[str, Any] | None = None
    effort: str | None = None

    @property
    def is_on(self) -> bool:
        """Whether the model is asked to think."""
        return self.thinking is not None and self.thinking != DISABLED


def default_limit(traits: Traits) -> Limit:
    """The limit of a request that has none, for this dialect wants one."""
    tokens = _LIMIT if traits.max_output is None else min(traits.max_output, _HIGHEST_LIMIT)
    return Limit(tokens, is_ours=True)


def asked_thinking(
    params: Mapping[str, Any], traits: Traits, limit: Limit, losses: Losses
) -> Thinking:
    """The thinking that the settings ask for, as the model takes it."""
    effort = asked_effort(params)
    if traits.thinking == "none":
        if effort not in (None, "none"):
            losses.drop("reasoning_effort")
        return Thinking(limit)
    if effort is None:
        return _unasked(params, traits, limit)
    known = tuple(one for one in traits.efforts if one != "minimal")
    fitting = fitting_effort(effort, traits.model_copy(update={"efforts": known}))
    if fitting == "none":
        return Thinking(limit, DISABLED)
    if traits.thinking == "budget":
        return _by_budget(params, traits, limit, losses)
    return Thinking(limit, {"type": "adaptive", **_display(params)}, fitting)


def _unasked(params: Mapping[str, Any], traits: Traits, limit: Limit) -> Thinking:
    """A model that thinks in any case can still be asked to show what."""
    always = not traits.can_stop_thinking and traits.thinking != "budget"
    if always and params.get("reasoning_summary") is True:
        return Thinking(limit, {"type": "adaptive", **_display(params)})
    return Thinking(limit)


def _display(params: Mapping[str, Any]) -> Mapping[str, str]:
    return {} if params.get("reasoning_summary") is False else {"display": "summarized"}


def _by_budget(params: Mapping[str, Any], traits: Traits, limit: Limit, losses: Losses) -> Thinking:
    wanted = max(asked_budget(params) or 0, LEAST_BUDGET)
    if limit.is_ours:
        tokens = max(limit.tokens, wanted + _ROOM)
        limit = Limit(min(tokens, traits.max_output or tokens), is_ours=True)
    budget = fitting_budget(wanted, limit.tokens)
    if budget is None:
        losses.drop("reasoning_effort")
        return Thinking(limit)
    if budget != wanted:
        losses.change("reasoning_budget", str(budget))
    return Thinking(limit, {"type": "enabled", "budget_tokens": budget, **_display(params)})


def fitting_budget(wanted: int, limit: int) -> int | None:
    """A budget below the limit, with room for an answer; None where the limit leaves no legal
    one."""
    if wanted < limit:
        return wanted
    lowered = max(LEAST_BUDGET, limit // 2)
    return lowered if lowered < limit else None


def newest_wish(params: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, with effort and budget at odds no more where a stage has set one of them."""
    settled = dict(params)
    for name, other in (
        ("reasoning_effort", "reasoning_budget"),
        ("reasoning_budget", "reasoning_effort"),
    ):
        is_new = params.get(name) is not None and params[name] != old.get(name)
        if is_new and params.get(other) == old.get(other):
            settled.pop(other, None)
    return settled
