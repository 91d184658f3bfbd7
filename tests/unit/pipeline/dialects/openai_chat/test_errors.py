import json

import pytest

from llm_proxy.pipeline.dialects.openai_chat.errors import error_object, write_error
from llm_proxy.pipeline.errors import (
    BadRequest,
    Kind,
    NotFound,
    ProxyError,
    RateLimited,
    Timeout,
    TooLarge,
    Unauthorized,
    Unavailable,
    UpstreamBroken,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)


@pytest.mark.parametrize(
    ("error", "status", "type_", "code"),
    [
        (BadRequest("m"), 400, "invalid_request_error", None),
        (Unauthorized("m"), 401, "invalid_request_error", "invalid_api_key"),
        (NotFound("m"), 404, "invalid_request_error", "model_not_found"),
        (TooLarge("m"), 413, "invalid_request_error", None),
        (Unavailable("m"), 503, "server_error", "server_is_overloaded"),
        (Timeout("m"), 504, "server_error", "timeout"),
        (ProxyError("m"), 500, "server_error", None),
        (UpstreamBroken("m"), 502, "server_error", None),
        (UpstreamUnavailable("m"), 503, "server_error", "server_is_overloaded"),
        (UpstreamTimeout("m"), 504, "server_error", "timeout"),
        (
            UpstreamRateLimited("m"),
            429,
            "rate_limit_error",
            "rate_limit_exceeded",
        ),
    ],
)
def test_each_error_on_the_wire(
    error: ProxyError, status: int, type_: str, code: str | None
) -> None:
    rendered = write_error(error)
    fields = {"message": "m", "type": type_, "param": None, "code": code}
    assert {"error": fields} == json.loads(rendered.body)
    assert (status, {}) == (rendered.status, rendered.headers)


@pytest.mark.parametrize(
    ("kind", "type_", "code"),
    [
        (Kind.BAD_REQUEST, "invalid_request_error", None),
        (Kind.CONTEXT_TOO_LONG, "invalid_request_error", "context_length_exceeded"),
        (Kind.BILLING, "insufficient_quota", "insufficient_quota"),
        (Kind.FORBIDDEN, "invalid_request_error", None),
        (Kind.NOT_FOUND, "invalid_request_error", "model_not_found"),
        (Kind.CONFLICT, "invalid_request_error", None),
        (Kind.TOO_LARGE, "invalid_request_error", None),
    ],
)
def test_what_a_backend_refused(kind: Kind, type_: str, code: str | None) -> None:
    error = error_object(UpstreamRefused("m", kind, 418))
    assert {"message": "m", "type": type_, "param": None, "code": code} == error
    shown = 429 if kind is Kind.BILLING else 418
    assert shown == write_error(UpstreamRefused("m", kind, 418)).status


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_words(kind: Kind) -> None:
    assert {"message", "type", "param", "code"} == error_object(
        UpstreamRefused("m", kind, 400)
    ).keys()


def test_the_field_at_fault_is_named() -> None:
    assert "model" == error_object(BadRequest("m", param="model"))["param"]


def test_the_vendors_own_code_is_kept_for_a_bad_request() -> None:
    assert "unsupported_value" == error_object(BadRequest("m", code="unsupported_value"))["code"]


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.0, "1"), (0.2, "1"), (1.0, "1"), (1.01, "2"), (90.0, "90")]
)
def test_the_time_to_wait_is_in_whole_seconds(seconds: float, expected: str) -> None:
    rendered = write_error(Unavailable("m", retry_after=seconds))
    assert {"Retry-After": expected} == rendered.headers


def test_a_limit_of_our_own_is_told_in_the_dialects_headers() -> None:
    assert {
        "Retry-After": "3",
        "x-ratelimit-limit-requests": "5",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "60s",
    } == write_error(RateLimited("m", limit=5, retry_after=2.1, reset=59.2)).headers


def test_a_limit_of_tokens_has_headers_of_its_own_and_one_of_money_has_none() -> None:
    tokens = RateLimited("m", of="tokens", limit=1e6, left=99.7, retry_after=2.1, reset=59.2)
    assert {
        "Retry-After": "3",
        "x-ratelimit-limit-tokens": "1000000",
        "x-ratelimit-remaining-tokens": "99",
        "x-ratelimit-reset-tokens": "60s",
    } == write_error(tokens).headers
    money = RateLimited("m", of="money", limit=5, retry_after=2.1, reset=59.2)
    assert {"Retry-After": "3"} == write_error(money).headers


def test_the_sdk_must_not_retry_what_money_is_missing_for() -> None:
    rendered = write_error(UpstreamRefused("m", Kind.BILLING, 402))
    assert (429, {"x-should-retry": "false"}) == (rendered.status, rendered.headers)


def test_any_text_can_be_a_message() -> None:
    text = '"\\\n\u2028\x00\U0001f600'
    assert text == json.loads(write_error(BadRequest(text)).body)["error"]["message"]
