from datetime import UTC, datetime, timedelta

import pytest

from llm_proxy.pipeline.dialects.waits import LONGEST_WAIT, bounded, duration, retry_after


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("32s", 32),
        ("6m0s", 360),
        ("12ms", 0.012),
        ("1h2m3.5s", 3723.5),
        ("1d", 86400),
        ("", None),
        ("soon", None),
        (5, None),
        (None, None),
    ],
)
def test_durations(text: object, seconds: float | None) -> None:
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


def test_a_wait_asked_for_wins_over_the_limits() -> None:
    headers = {
        "retry-after": "3",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "60s",
    }
    assert retry_after(headers) == 3


def test_without_one_the_limits_that_are_used_up_tell() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "5",
        "x-ratelimit-reset-requests": "6h",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1m30s",
    }
    assert retry_after(headers) == 90


def test_anthropics_limits_tell_the_moment() -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=100)).isoformat()
    headers = {
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": soon,
        "anthropic-ratelimit-output-tokens-remaining": "0",
        "anthropic-ratelimit-output-tokens-reset": "never",
    }
    assert retry_after(headers) == pytest.approx(100, abs=5)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining-requests": "0"},
        {"x-ratelimit-remaining-requests": "-1", "x-ratelimit-reset-requests": "1s"},
        {"anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": "x"},
    ],
)
def test_nothing_told(headers: dict[str, str]) -> None:
    assert retry_after(headers) is None


def test_a_wait_is_bounded() -> None:
    assert [bounded(-5), bounded(1e9), bounded(None)] == [0, LONGEST_WAIT, None]
