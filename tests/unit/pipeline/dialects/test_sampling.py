from typing import Any, Literal

import pytest

from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.sampling import fitting_sampling, with_fitting_changes
from llm_proxy.pipeline.traits import Traits

ALL = {"temperature": 1.5, "top_p": 0.5, "top_k": 40}
MILD = {"temperature": 0.5, "top_p": 0.5}


@pytest.mark.parametrize(
    ("sampling", "params", "expected", "told"),
    [
        ("full", ALL, ALL, ()),
        ("full", {"temperature": None}, {}, ()),
        ("full", {"seed": 1}, {}, ()),
        ("unit", ALL, {**ALL, "temperature": 1}, ("changed temperature: 1",)),
        ("unit", MILD, MILD, ()),
        ("one_of_unit", MILD, {"temperature": 0.5}, ("dropped top_p",)),
        ("one_of_unit", {"top_p": 0.5}, {"top_p": 0.5}, ()),
        ("one_of_unit", {"temperature": 0}, {"temperature": 0}, ()),
        ("none", MILD, {}, ("dropped temperature", "dropped top_p")),
        ("none", {"top_k": 4}, {}, ("dropped top_k",)),
        ("unit", {"temperature": "warm"}, {"temperature": "warm"}, ()),
    ],
)
def test_what_a_model_takes(
    sampling: Literal["full", "unit", "one_of_unit", "none"],
    params: dict[str, Any],
    expected: dict[str, Any],
    told: tuple[str, ...],
) -> None:
    losses = Losses()
    assert expected == dict(fitting_sampling(params, Traits(sampling=sampling), losses))
    assert told == losses.told


def test_top_k_is_for_whom_takes_it() -> None:
    losses = Losses()
    assert {} == dict(fitting_sampling({"top_k": 4}, Traits(top_k=False), losses))
    assert ("dropped top_k",) == losses.told


@pytest.mark.parametrize(
    ("old", "new", "sampling", "expected", "told"),
    [
        ({}, {"temperature": 0.5}, "full", {"temperature": 0.5}, ()),
        ({}, {"temperature": 0.5}, "none", {}, ("dropped temperature",)),
        ({}, {"temperature": 1.5}, "unit", {"temperature": 1}, ("changed temperature: 1",)),
        ({"top_p": 0.5}, {"top_p": 0.5, "seed": 1}, "none", {"top_p": 0.5, "seed": 1}, ()),
        (
            {"top_p": 0.5},
            {"top_p": 0.5, "temperature": 0.5},
            "none",
            {"top_p": 0.5},
            ("dropped temperature",),
        ),
        (
            {"top_p": 0.5},
            {"top_p": 0.5, "temperature": 0.5},
            "one_of_unit",
            {"temperature": 0.5},
            ("dropped top_p",),
        ),
        ({"temperature": 0.5, "top_p": 0.5}, {"top_p": 0.5}, "none", {"top_p": 0.5}, ()),
        ({}, {"presence_penalty": 1}, "full", {}, ("dropped presence_penalty",)),
        ({"presence_penalty": 1}, {"presence_penalty": 1}, "full", {"presence_penalty": 1}, ()),
    ],
)
def test_what_stages_have_set_fits_the_model(
    old: dict[str, Any],
    new: dict[str, Any],
    sampling: Literal["full", "unit", "one_of_unit", "none"],
    expected: dict[str, Any],
    told: tuple[str, ...],
) -> None:
    losses, traits = Losses(), Traits(sampling=sampling, penalties=False)
    assert expected == with_fitting_changes(new, old, traits, losses)
    assert told == losses.told
