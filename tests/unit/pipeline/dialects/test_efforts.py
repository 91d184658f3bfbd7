from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.efforts import (
    RISING,
    asked_budget,
    asked_effort,
    fitting_effort,
    with_fitting_effort,
)
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.params import Effort
from llm_proxy.pipeline.traits import Traits
from tests.unit.pipeline.dialects.openai_chat import json_values


def test_every_effort_has_its_place() -> None:
    assert set(get_args(Effort)) == set(RISING)


@pytest.mark.parametrize(
    ("params", "effort", "budget"),
    [
        ({}, None, None),
        ({"reasoning_effort": "none"}, "none", 0),
        ({"reasoning_effort": "minimal"}, "minimal", 1024),
        ({"reasoning_effort": "low"}, "low", 2048),
        ({"reasoning_effort": "medium"}, "medium", 8192),
        ({"reasoning_effort": "high"}, "high", 16384),
        ({"reasoning_effort": "xhigh"}, "xhigh", 24576),
        ({"reasoning_effort": "max"}, "max", 31999),
        ({"reasoning_budget": 0}, "none", 0),
        ({"reasoning_budget": 1024}, "low", 1024),
        ({"reasoning_budget": 2049}, "medium", 2049),
        ({"reasoning_budget": 8193}, "high", 8193),
        ({"reasoning_budget": -1}, None, None),
        ({"reasoning_effort": "low", "reasoning_budget": 9000}, "low", 9000),
        ({"reasoning_effort": "turbo"}, None, None),
    ],
)
def test_what_is_asked_for(params: dict[str, Any], effort: str | None, budget: int | None) -> None:
    assert (effort, budget) == (asked_effort(params), asked_budget(params))


@given(json_values.values, json_values.values)
def test_nonsense_asks_for_nothing_or_something(effort: Any, budget: Any) -> None:
    params = {"reasoning_effort": effort, "reasoning_budget": budget}
    assert asked_effort(params) in (None, *RISING)
    assert (asked_effort(params) is None) == (asked_budget(params) is None)


@pytest.mark.parametrize(
    ("effort", "known", "expected"),
    [
        ("minimal", ("low", "high", "max"), "low"),
        ("medium", ("low", "high", "max"), "high"),
        ("max", ("low", "high"), "high"),
        ("none", ("minimal", "low"), "none"),
        ("high", (), "high"),
        ("xhigh", (), "high"),
    ],
)
def test_the_nearest_effort_is_taken(effort: Any, known: Any, expected: str) -> None:
    assert expected == fitting_effort(effort, Traits(efforts=known))


def test_who_cannot_stop_thinking_thinks_least() -> None:
    traits = Traits(efforts=("low", "high"), can_stop_thinking=False)
    assert "low" == fitting_effort("none", traits)


@given(st.sampled_from(RISING), st.lists(st.sampled_from(RISING[1:]), min_size=1), st.booleans())
def test_only_what_is_known_is_asked_for(effort: Effort, known: list[Effort], stops: bool) -> None:  # noqa: FBT001 - drawn
    traits = Traits(efforts=tuple(known), can_stop_thinking=stops)
    fitting = fitting_effort(effort, traits)
    assert fitting in known or (stops and fitting == effort == "none")
    assert effort not in known or effort == fitting


@pytest.mark.parametrize(
    ("old", "new", "thinking", "expected", "told"),
    [
        (None, "max", "effort", "high", ()),
        (None, "low", "effort", "low", ()),
        ("max", "max", "effort", "max", ()),
        (None, "max", "switch", "max", ()),
        (None, "high", "none", None, ("dropped reasoning_effort",)),
        ("high", "high", "none", "high", ()),
    ],
)
def test_an_effort_that_a_stage_has_set_fits_the_model(
    old: Any, new: Any, thinking: Any, expected: Any, told: tuple[str, ...]
) -> None:
    losses, traits = Losses(), Traits(thinking=thinking, efforts=("low", "high"))
    params, before = {"reasoning_effort": new}, {"reasoning_effort": old} if old else {}
    fitting = with_fitting_effort(params, before, traits, losses)
    assert expected == fitting.get("reasoning_effort")
    assert told == losses.told
