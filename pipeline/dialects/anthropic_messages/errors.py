"""Errors as the Messages API words them: `{"type": "error", "error": {type, message}}`."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.dialect import Rendered
from llm_proxy.pipeline.errors import Kind, ProxyError, RateLimited

_TYPES: dict[Kind, str] = {
    Kind.BAD_REQUEST: "invalid_request_error",
    Kind.CONTEXT_TOO_LONG: "invalid_request_error",
    Kind.UNAUTHORIZED: "authentication_error",
    Kind.BILLING: "billing_error",
    Kind.FORBIDDEN: "permission_error",
    Kind.NOT_FOUND: "not_found_error",
    Kind.CONFLICT: "conflict_error",
    Kind.TOO_LARGE: "request_too_large",
    Kind.RATE_LIMITED: "rate_limit_error",
    Kind.BAD_GATEWAY: "api_error",
    Kind.UNAVAILABLE: "overloaded_error",
    Kind.TIMEOUT: "timeout_error",
    Kind.INTERNAL: "api_error",
}
"""What went wrong → the type that the SDKs know for it."""

_STATUS = {Kind.BILLING: 402, Kind.UNAVAILABLE: 529, Kind.TIMEOUT: 504}
"""Where the SDKs of this dialect expect another status than the vendor's own."""

_TOO_LONG = "prompt is too long"
"""What clients look for to know that they must shorten the conversation."""


def error_body(error: ProxyError) -> dict[str, Any]:
    """The whole body, but for the request's id."""
    message = error.message
    if error.kind is Kind.CONTEXT_TOO_LONG and not message.lower().startswith(_TOO_LONG):
        message = f"{_TOO_LONG}: {message}"
    return {"type": "error", "error": {"type": _TYPES[error.kind], "message": message}}


def write_error(error: ProxyError, request_id: str) -> Rendered:
    """The whole HTTP answer. `Retry-After` is in whole seconds, rounded up."""
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
        if isinstance(error, RateLimited) and error.of in ("requests", "tokens"):
            reset = datetime.now(UTC) + timedelta(seconds=math.ceil(error.reset))
            name = f"anthropic-ratelimit-{error.of}"
            headers[f"{name}-limit"] = str(int(error.limit))
            headers[f"{name}-remaining"] = str(int(error.left))
            headers[f"{name}-reset"] = f"{reset:%Y-%m-%dT%H:%M:%SZ}"
    body = {**error_body(error), "request_id": request_id}
    return Rendered(_STATUS.get(error.kind, error.status), orjson.dumps(body), headers)
