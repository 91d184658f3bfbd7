"""What stands in the file about limits."""

from typing import Any

import pytest
from pydantic import ValidationError

from llm_proxy.stages.rate_limit.options import RateLimitOptions
from llm_proxy.stages.rate_limit.rules import Rule


def test_all_that_may_stand_there() -> None:
    options = RateLimitOptions.model_validate(
        {
            "default_limit": "30",
            "time_window": "10s",
            "limits": [
                {"of": "tokens", "per": "tenant", "most": 100_000, "window": "1m"},
                {"of": "money", "most": 2.5, "window": "1d", "models": "gpt-*, o3"},
                {"of": "in_flight", "per": "all", "most": 4},
            ],
        }
    )
    assert (
        Rule("requests", "key", 30, 10),
        Rule("tokens", "tenant", 100_000, 60),
        Rule("money", "key", 2.5, 86400, ("gpt-*", "o3")),
        Rule("in_flight", "all", 4, 0),
    ) == options.rules


def test_the_same_limit_counts_once() -> None:
    same = {"of": "requests", "most": 60, "window": 60}
    options = RateLimitOptions.model_validate({"limits": [same, same]})
    assert (Rule("requests", "key", 60, 60),) == options.rules


def test_no_limit_at_all() -> None:
    assert () == RateLimitOptions.model_validate({"default_limit": "none"}).rules


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"of": "tokens", "most": 5}, "it needs a window"),
        ({"of": "in_flight", "most": 5, "window": 60}, "what is in flight has no window"),
        ({"of": "words", "most": 5, "window": 60}, "'requests', 'tokens', 'money' or 'in_flight'"),
        ({"of": "tokens", "most": 0, "window": 60}, "greater than 0"),
        ({"of": "money", "most": "inf", "window": 60}, "finite"),
        ({"of": "tokens", "most": 5, "window": 60, "per": "user"}, "'key', 'tenant'"),
        ({"of": "tokens", "most": 5, "window": 60, "model": "x"}, "Extra inputs"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(limit: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RateLimitOptions.model_validate({"limits": [limit]})


@pytest.mark.parametrize("limit", [0, -1, "0", "many", "", True, 1.5, None])
def test_a_number_of_requests_that_is_none_is_refused(limit: object) -> None:
    with pytest.raises(ValidationError, match='must be a number of requests, or "none"'):
        RateLimitOptions.model_validate({"default_limit": limit})


def test_nothing_is_held_for_no_time() -> None:
    with pytest.raises(ValidationError):
        RateLimitOptions.model_validate({"lease": 0})
