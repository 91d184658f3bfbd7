"""Limits as people write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from llm_proxy.pipeline.grants import LimitOf
from llm_proxy.pipeline.limit_texts import Budget, Limits, budget_of, limit_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("60 requests/1m", LimitOf("requests", 60, 60)),
        ("1requests/500ms", LimitOf("requests", 1, 0.5)),
        ("100000 tokens / 1h", LimitOf("tokens", 100_000, 3600)),
        ("5 in_flight", LimitOf("in_flight", 5, 0)),
    ],
)
def test_a_limit_is_a_number_of_something_in_a_time(text: str, expected: LimitOf) -> None:
    assert limit_of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "60",
        "60 requests",
        "60 requests/",
        "0 requests/1m",
        "-1 requests/1m",
        "1.5 requests/1m",
        "60 requests/0",
        "60 requests/1 fortnight",
        "60 apples/1m",
        "5 in_flight/1m",
        "5 money/1m",
        "60 requests/1m/1m",
        "60 requests/inf",
    ],
)
def test_anything_else_is_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no limit|is not a number with a unit|is no time"):
        limit_of(text)


def test_a_budget_is_in_dollars() -> None:
    assert budget_of("20/30d") == LimitOf("money", 20, 30 * 86400)
    assert budget_of("0.5 / 1h") == LimitOf("money", 0.5, 3600)


@pytest.mark.parametrize("text", ["", "20", "20/", "0/1h", "0.0/1h", "-1/1h", "$20/1h", "20/0s"])
def test_anything_else_is_no_budget(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no budget|is no time"):
        budget_of(text)


class Written(BaseModel):
    limits: Limits = ()
    budget: Budget | None = None


@pytest.mark.parametrize(
    "limits", ["60 requests/1m, 5 in_flight", ["60 requests/1m", "5 in_flight"]]
)
def test_several_have_commas_between_them_or_are_a_list(limits: object) -> None:
    read = Written.model_validate({"limits": limits, "budget": "1/1d"})
    assert read.limits == (LimitOf("requests", 60, 60), LimitOf("in_flight", 5, 0))
    assert read.budget == LimitOf("money", 1, 86400)


@pytest.mark.parametrize("wrong", [{"limits": 5}, {"limits": [5]}, {"budget": 5}, {"limits": {}}])
def test_what_is_no_text_is_told(wrong: object) -> None:
    with pytest.raises(ValidationError):
        Written.model_validate(wrong)


@given(st.integers(1, 10**12), st.sampled_from(["requests", "tokens"]), st.integers(1, 10**6))
def test_what_is_written_is_read(most: int, what: str, seconds: int) -> None:
    read = limit_of(f"{most} {what}/{seconds}s")
    assert (read.what, read.most, read.window) == (what, most, seconds)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    for read in (limit_of, budget_of):
        with suppress(ValueError):
            assert read(text).most > 0
