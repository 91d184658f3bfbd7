"""How the next word is drawn, within what a model takes."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.traits import Traits

_NAMES = ("temperature", "top_p", "top_k")
_PENALTIES = ("presence_penalty", "frequency_penalty")


def fitting_sampling(
    params: Mapping[str, Any], traits: Traits, losses: Losses
) -> Iterator[tuple[str, Any]]:
    """`temperature`, `top_p` and `top_k` as the model takes them, by these names."""
    given = {name: params[name] for name in _NAMES if params.get(name) is not None}
    for name, value in given.items():
        if _is_refused(name, given, traits):
            losses.drop(name)
        elif name != "top_k" and traits.sampling != "full" and _is_above_one(value):
            losses.change(name, "1")
            yield name, 1
        else:
            yield name, value


def _is_above_one(value: object) -> bool:
    return isinstance(value, int | float) and value > 1


def _is_refused(name: str, given: Mapping[str, Any], traits: Traits) -> bool:
    if traits.sampling == "none":
        return True
    if name == "top_k":
        return not traits.top_k
    return name == "top_p" and traits.sampling == "one_of_unit" and "temperature" in given


def with_fitting_changes(
    params: Mapping[str, Any], old: Mapping[str, Any], traits: Traits, losses: Losses
) -> Mapping[str, Any]:
    """The settings for a client's own dialect, where stages have made `params` of its `old` ones:
    what they have set is made to fit the model. What the client has set is its own affair, unless
    it cannot stand beside what is set now."""
    given = {name: value for name, value in params.items() if value is not None}
    changed = [n for n in (*_NAMES, *_PENALTIES) if n in given and given[n] != old.get(n)]
    if not changed:
        return params
    together = traits.sampling == "one_of_unit" and not set(_NAMES).isdisjoint(changed)
    asked = {n: given[n] for n in _NAMES if n in given and (n in changed or together)}
    fitting = dict(fitting_sampling(asked, traits, losses))
    refused = {name for name in asked if name not in fitting}
    for name in _PENALTIES:
        if name in changed and not traits.penalties:
            losses.drop(name)
            refused.add(name)
    return {n: fitting.get(n, value) for n, value in params.items() if n not in refused}
