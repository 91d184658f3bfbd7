"""Limits as people write them: "60 requests/1m", "100000 tokens/1h", "5 in_flight"."""

import re
from collections.abc import Iterable
from typing import Annotated, cast, get_args

from pydantic import BeforeValidator

from llm_proxy.pipeline.grants import LimitOf, What
from llm_proxy.pipeline.values import listed, seconds

_COUNTED = [what for what in get_args(What) if what != "money"]
_LIMIT = re.compile(rf"([1-9]\d*) ?({'|'.join(_COUNTED)})(?: ?/ ?(.+))?")
_BUDGET = re.compile(r"(\d+(?:\.\d+)?) ?/ ?(.+)")


def limit_of(text: str) -> LimitOf:
    """A limit of anything but money; raises `ValueError`."""
    found = _LIMIT.fullmatch(text)
    if found is None or (found[2] == "in_flight") != (found[3] is None):
        likes = '"60 requests/1m", "100000 tokens/1h" or "5 in_flight"'
        raise ValueError(f'"{text}" is no limit like {likes}')
    return LimitOf(cast("What", found[2]), float(found[1]), seconds(found[3]) if found[3] else 0.0)


def budget_of(text: str) -> LimitOf:
    """So many dollars in so much time, "20/30d"; raises `ValueError`."""
    found = _BUDGET.fullmatch(text)
    if found is None or not float(found[1]):
        raise ValueError(f'"{text}" is no budget like "20/30d": 20 dollars in 30 days')
    return LimitOf("money", float(found[1]), seconds(found[2]))


def written(limit: LimitOf) -> str:
    """A limit as people read it."""
    most = f"{limit.most:.15g}"
    what = "dollars" if limit.what == "money" else limit.what
    return f"{most} {what}/{_time(limit.window)}" if limit.window else f"{most} {what}"


def _time(window: float) -> str:
    """In the largest unit of which it is so many."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if window % length == 0:
            return f"{window / length:.15g}{unit}"
    return f"{window:.15g}s"


def _limits(value: object) -> object:
    words = listed(value)
    if not isinstance(words, list | tuple):
        raise ValueError("must be a list, or one string with commas")  # noqa: TRY004 - for pydantic
    return tuple(limit_of(str(word)) for word in cast("Iterable[object]", words))


def _budget(value: object) -> object:
    return budget_of(str(value))


Limits = Annotated[tuple[LimitOf, ...], BeforeValidator(_limits)]
"""A list of limits, or one string with commas between them."""

Budget = Annotated[LimitOf, BeforeValidator(_budget)]
"""A limit of money."""
