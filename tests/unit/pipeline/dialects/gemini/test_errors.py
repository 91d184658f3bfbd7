import json

import pytest
from google.genai import errors

from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.errors import (
    BadRequest,
    Kind,
    MethodNotAllowed,
    NotFound,
    ProxyError,
    RateLimited,
    Timeout,
    TooLarge,
    Unauthorized,
    Unavailable,
    UpstreamBroken,
    UpstreamRefused,
)


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (BadRequest("x"), 400, "INVALID_ARGUMENT"),
        (UpstreamRefused("x", Kind.CONTEXT_TOO_LONG, 400), 400, "INVALID_ARGUMENT"),
        (MethodNotAllowed("x"), 405, "INVALID_ARGUMENT"),
        (Unauthorized("x"), 401, "UNAUTHENTICATED"),
        (UpstreamRefused("x", Kind.BILLING, 402), 429, "RESOURCE_EXHAUSTED"),
        (UpstreamRefused("x", Kind.FORBIDDEN, 403), 403, "PERMISSION_DENIED"),
        (UpstreamRefused("x", Kind.CONFLICT, 409), 409, "ABORTED"),
        (NotFound("x"), 404, "NOT_FOUND"),
        (TooLarge("x"), 400, "INVALID_ARGUMENT"),
        (RateLimited("x", limit=1, retry_after=31.2, reset=99), 429, "RESOURCE_EXHAUSTED"),
        (Unavailable("x"), 503, "UNAVAILABLE"),
        (Timeout("x"), 504, "DEADLINE_EXCEEDED"),
        (UpstreamBroken("x"), 500, "INTERNAL"),
        (ProxyError("x"), 500, "INTERNAL"),
    ],
)
def test_statuses_and_their_words(error: ProxyError, status: int, word: str) -> None:
    rendered = Gemini().write_error(error, "q1")
    told = json.loads(rendered.body)["error"]
    assert (status, status, word, "x") == (
        rendered.status,
        told["code"],
        told["status"],
        told["message"],
    )
    with pytest.raises(errors.APIError) as raised:
        errors.APIError.raise_error(rendered.status, json.loads(rendered.body), None)
    assert (status, word) == (raised.value.code, raised.value.status)


def test_when_to_come_again_is_told_twice() -> None:
    rendered = Gemini().write_error(RateLimited("x", limit=1, retry_after=31.2, reset=99), "q1")
    (detail,) = json.loads(rendered.body)["error"]["details"]
    assert {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "32s"} == detail
    assert {"Retry-After": "32"} == rendered.headers
    assert 32 == Gemini().read_error(429, {}, rendered.body).retry_after


def test_the_field_at_fault_and_the_vendors_word() -> None:
    details = json.loads(Gemini().write_error(BadRequest("x", param="p", code="c"), "").body)[
        "error"
    ]["details"]
    assert "c" == details[0]["reason"]
    assert [{"field": "p", "description": "x"}] == details[1]["fieldViolations"]
