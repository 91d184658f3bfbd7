"""How the next word is drawn, within what a model takes."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.traits import Traits

_NAMES = ("temperature", "top_p", "top_k")


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
