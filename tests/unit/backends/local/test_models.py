"""The models of the local backend."""

import pytest

from llm_proxy.backends.local.models import MODELS, error_of_model
from llm_proxy.lab.faults import FAULTS
from llm_proxy.pipeline.errors import (
    Fault,
    Kind,
    UpstreamBroken,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)


def test_these_are_offered() -> None:
    expected = (
        "echo slow think think-tags loop cut stall hang cut-0 cut-1 stall-0 stall-1 empty "
        "content-filter error-503 refused reset garbage error-in-200 quota context-too-long"
    )
    assert expected.split() == list(MODELS)


def test_the_lab_has_the_same_names() -> None:
    faults = {fault.name for fault in FAULTS}
    own = "echo slow think think-tags loop cut stall hang"
    assert set(MODELS) - faults == set(own.split())


@pytest.mark.parametrize(
    ("model", "kind", "status", "retry_after"),
    [
        ("error-408", UpstreamTimeout, 504, None),
        ("error-429", UpstreamRateLimited, 429, 1.0),
        ("error-500", UpstreamBroken, 502, None),
        ("error-502", UpstreamBroken, 502, None),
        ("error-503", UpstreamUnavailable, 503, 1.0),
        ("error-504", UpstreamTimeout, 504, None),
        ("error-529", UpstreamUnavailable, 503, 1.0),
        ("error-599", UpstreamBroken, 502, None),
    ],
)
def test_an_error_of_the_vendor(
    model: str, kind: type[UpstreamError], status: int, retry_after: float | None
) -> None:
    error = error_of_model(model)
    assert type(error) is kind
    assert (status, retry_after) == (error.status, error.retry_after)
    assert f"the local backend plays a status {model[-3:]}" == error.message


def test_a_wrong_key_is_the_proxys_own_trouble() -> None:
    error = error_of_model("error-401")
    assert type(error) is UpstreamBroken
    assert error.status == 502


@pytest.mark.parametrize(
    ("model", "kind", "status", "fault"),
    [
        ("error-400", Kind.BAD_REQUEST, 400, Fault.BAD_REQUEST),
        ("error-402", Kind.BILLING, 402, Fault.QUOTA),
        ("error-403", Kind.FORBIDDEN, 403, Fault.FORBIDDEN),
        ("error-404", Kind.NOT_FOUND, 404, Fault.NOT_FOUND),
        ("error-413", Kind.TOO_LARGE, 413, Fault.BAD_REQUEST),
        ("error-418", Kind.BAD_REQUEST, 418, Fault.BAD_REQUEST),
        ("error-422", Kind.BAD_REQUEST, 400, Fault.BAD_REQUEST),
    ],
)
def test_a_refusal(model: str, kind: Kind, status: int, fault: Fault) -> None:
    error = error_of_model(model)
    assert isinstance(error, UpstreamRefused)
    assert (kind, status, fault) == (error.kind, error.status, error.fault)


@pytest.mark.parametrize(
    ("model", "kind", "status", "fault"),
    [
        ("refused", Kind.BAD_GATEWAY, 502, Fault.CONNECTION),
        ("reset", Kind.BAD_GATEWAY, 502, Fault.CONNECTION),
        ("garbage", Kind.BAD_GATEWAY, 502, Fault.BROKEN_ANSWER),
        ("error-in-200", Kind.UNAVAILABLE, 503, Fault.OVERLOADED),
        ("quota", Kind.BILLING, 402, Fault.QUOTA),
        ("context-too-long", Kind.CONTEXT_TOO_LONG, 400, Fault.CONTEXT_TOO_LONG),
    ],
)
def test_what_is_no_answer(model: str, kind: Kind, status: int, fault: Fault) -> None:
    error = error_of_model(model)
    assert isinstance(error, UpstreamError)
    assert (kind, status, fault) == (error.kind, error.status, error.fault)
    assert (f"the local backend plays {model}", None) == (error.message, error.retry_after)


@pytest.mark.parametrize(
    "model", ["echo", "error", "error-", "error-399", "error-600", "error-5000", "xerror-500", ""]
)
def test_no_error_is_meant(model: str) -> None:
    assert error_of_model(model) is None
