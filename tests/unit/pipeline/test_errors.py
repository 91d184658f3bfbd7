"""Failures and what they tell."""

import pytest

from llm_proxy.pipeline import errors
from llm_proxy.pipeline.errors import (
    ConfigError,
    Fault,
    Kind,
    ProxyError,
    UpstreamError,
    UpstreamRefused,
)


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
    ("class_", "fault"),
    [
        (errors.UpstreamBroken, Fault.BROKEN_ANSWER),
        (errors.UpstreamUnavailable, Fault.OVERLOADED),
        (errors.UpstreamTimeout, Fault.TIMEOUT),
        (errors.UpstreamRateLimited, Fault.RATE_LIMITED),
    ],
)
def test_a_failure_has_its_likeliest_fault_unless_told(
    class_: type[UpstreamError], fault: Fault
) -> None:
    assert class_("no").fault is fault
    assert class_("no", fault=Fault.DNS).fault is Fault.DNS
    assert class_.fault is fault


@pytest.mark.parametrize("class_", [errors.BackendOff, errors.Busy])
def test_where_the_proxy_cannot_use_a_backend_another_may_be(class_: type[ProxyError]) -> None:
    error = class_("no")
    assert error.status == 503
    assert error.fault in {Fault.BACKEND_OFF, Fault.BUSY}


@pytest.mark.parametrize("class_", [errors.BadRequest, errors.NotFound, errors.Unavailable])
def test_no_backend_is_to_blame_for_our_own_errors(class_: type[ProxyError]) -> None:
    assert class_("no").fault is None


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (Kind.BAD_REQUEST, Fault.BAD_REQUEST),
        (Kind.TOO_LARGE, Fault.BAD_REQUEST),
        (Kind.BILLING, Fault.QUOTA),
        (Kind.FORBIDDEN, Fault.FORBIDDEN),
        (Kind.NOT_FOUND, Fault.NOT_FOUND),
        (Kind.CONFLICT, Fault.CONFLICT),
        (Kind.CONTEXT_TOO_LONG, Fault.CONTEXT_TOO_LONG),
    ],
)
def test_a_refusal_has_the_fault_of_its_kind(kind: Kind, fault: Fault) -> None:
    assert UpstreamRefused("no", kind, 418).fault is fault


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
    assert (UpstreamRefused.kind, UpstreamRefused.fault) == (Kind.INTERNAL, None)


def test_a_bad_configuration_says_everything_a_line_each() -> None:
    error = ConfigError(["a: 1", "b: 2"])
    assert ["a: 1", "b: 2"] == error.problems
    assert "a: 1\nb: 2" == str(error)
