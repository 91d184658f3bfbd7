import json
from datetime import UTC, datetime, timedelta

import pytest
from anthropic.types import ErrorResponse

from llm_proxy.pipeline.dialects.anthropic_messages.errors import write_error
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
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamUnavailable,
)

NOT_IN_THE_SDK = ("conflict_error", "request_too_large")
"""Types that the API documents and the SDK's models do not have."""


def refused(kind: Kind, status: int) -> ProxyError:
    return UpstreamRefused("no", kind, status)


@pytest.mark.parametrize(
    ("error", "status", "type_"),
    [
        (BadRequest("no"), 400, "invalid_request_error"),
        (MethodNotAllowed("no"), 405, "invalid_request_error"),
        (Unauthorized("no"), 401, "authentication_error"),
        (refused(Kind.BILLING, 402), 402, "billing_error"),
        (refused(Kind.FORBIDDEN, 403), 403, "permission_error"),
        (NotFound("no"), 404, "not_found_error"),
        (refused(Kind.CONFLICT, 409), 409, "conflict_error"),
        (TooLarge("no"), 413, "request_too_large"),
        (UpstreamRateLimited("no"), 429, "rate_limit_error"),
        (UpstreamBroken("no"), 502, "api_error"),
        (Unavailable("no"), 529, "overloaded_error"),
        (UpstreamUnavailable("no"), 529, "overloaded_error"),
        (Timeout("no"), 504, "timeout_error"),
        (ProxyError("no"), 500, "api_error"),
    ],
)
def test_every_kind(error: ProxyError, status: int, type_: str) -> None:
    rendered = write_error(error, "req_1")
    assert status == rendered.status
    body = json.loads(rendered.body)
    error_ = {"type": type_, "message": "no"}
    assert {"type": "error", "error": error_, "request_id": "req_1"} == body
    if type_ not in NOT_IN_THE_SDK:
        assert "req_1" == ErrorResponse.model_validate(body).request_id


def test_there_is_a_word_for_every_kind() -> None:
    for kind in Kind:
        assert json.loads(write_error(refused(kind, 400), "r").body)["error"]["type"]


@pytest.mark.parametrize("message", ["too many tokens", "Prompt is too long: 9 > 8"])
def test_a_prompt_that_is_too_long_is_called_so(message: str) -> None:
    error = UpstreamRefused(message, Kind.CONTEXT_TOO_LONG, 400)
    told = json.loads(write_error(error, "r").body)["error"]["message"]
    assert told.lower().startswith("prompt is too long")
    assert 1 == told.lower().count("prompt is too long")


def test_a_limit_of_tokens_has_headers_of_its_own_and_one_in_flight_has_none() -> None:
    tokens = RateLimited("no", of="tokens", limit=1e6, left=99.7, retry_after=1, reset=60)
    told = write_error(tokens, "r").headers
    assert {
        "Retry-After",
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
    } == set(told)
    assert "1000000" == told["anthropic-ratelimit-tokens-limit"]
    assert "99" == told["anthropic-ratelimit-tokens-remaining"]
    slots = RateLimited("no", of="in_flight", limit=5, retry_after=1, reset=1)
    assert {"Retry-After": "1"} == write_error(slots, "r").headers


def test_when_to_come_back() -> None:
    headers = write_error(UpstreamUnavailable("no", retry_after=1.2), "r").headers
    assert {"Retry-After": "2"} == headers
    before = datetime.now(UTC).replace(microsecond=0)
    own = write_error(RateLimited("no", limit=5, retry_after=0, reset=3599.5), "r").headers
    assert ("1", "5", "0") == (
        own["Retry-After"],
        own["anthropic-ratelimit-requests-limit"],
        own["anthropic-ratelimit-requests-remaining"],
    )
    told = own["anthropic-ratelimit-requests-reset"]
    assert told.endswith("Z")
    hour = timedelta(hours=1)
    assert before + hour <= datetime.fromisoformat(told) <= datetime.now(UTC) + hour
