"""Failures and what they tell."""

import pytest

from llm_proxy.pipeline import errors
from llm_proxy.pipeline.errors import ConfigError, Kind, ProxyError, UpstreamError, UpstreamRefused


@pytest.mark.parametrize(
    ("class_", "kind", "status"),
    [
        (errors.ProxyError, "internal", 500),
        (errors.BadRequest, "bad_request", 400),
        (errors.Unauthorized, "unauthorized", 401),
        (errors.NotFound, "not_found", 404),
        (errors.TooLarge, "too_large", 413),
        (errors.MethodNotAllowed, "bad_request", 405),
        (errors.Unavailable, "unavailable", 503),
        (errors.Timeout, "timeout", 504),
        (errors.UpstreamBroken, "bad_gateway", 502),
        (errors.UpstreamUnavailable, "unavailable", 503),
        (errors.UpstreamTimeout, "timeout", 504),
        (errors.UpstreamRateLimited, "rate_limited", 429),
    ],
)
def test_kind_and_status(class_: type[ProxyError], kind: str, status: int) -> None:
    error = class_("no")
    assert (kind, status) == (error.kind, error.status)


def test_an_error_carries_all_that_an_answer_needs() -> None:
    error = ProxyError("no", param="model", code="nope", retry_after=1.5)
    assert (
        error.message,
        error.param,
        error.code,
        error.retry_after,
    ) == ("no", "model", "nope", 1.5)
    assert "no" == str(error)


@pytest.mark.parametrize(
    "class_",
    [
        errors.UpstreamBroken,
        errors.UpstreamUnavailable,
        errors.UpstreamTimeout,
        errors.UpstreamRateLimited,
    ],
)
def test_another_target_may_do_better_than_a_failed_one(class_: type[UpstreamError]) -> None:
    assert class_("no").retryable is True


@pytest.mark.parametrize("kind", list(Kind))
def test_a_refusal_is_worth_another_target_only_where_account_or_model_is_at_fault(
    kind: Kind,
) -> None:
    refused = UpstreamRefused("no", kind, 418)
    assert (kind in {"billing", "forbidden", "not_found"}) is refused.retryable


def test_a_refusal_keeps_what_the_vendor_said() -> None:
    refused = UpstreamRefused("no", Kind.CONFLICT, 409, param="p", code="c", retry_after=2)
    assert (
        refused.kind,
        refused.status,
        refused.message,
        refused.param,
        refused.code,
        refused.retry_after,
    ) == (Kind.CONFLICT, 409, "no", "p", "c", 2)


def test_a_refusal_leaves_its_class_as_it_was() -> None:
    UpstreamRefused("no", Kind.CONFLICT, 409)
    assert (UpstreamRefused.kind, UpstreamRefused.retryable) == (Kind.INTERNAL, True)


def test_a_bad_configuration_says_everything_a_line_each() -> None:
    error = ConfigError(["a: 1", "b: 2"])
    assert ["a: 1", "b: 2"] == error.problems
    assert "a: 1\nb: 2" == str(error)
