"""Errors as the OpenAI API words them: `{"error": {message, type, param, code}}`."""

import math

import orjson

from llm_proxy.pipeline.dialects.dialect import Rendered
from llm_proxy.pipeline.errors import Kind, ProxyError, RateLimited

_TYPES: dict[Kind, tuple[str, str | None]] = {
    Kind.BAD_REQUEST: ("invalid_request_error", None),
    Kind.CONTEXT_TOO_LONG: ("invalid_request_error", "context_length_exceeded"),
    Kind.UNAUTHORIZED: ("invalid_request_error", "invalid_api_key"),
    Kind.BILLING: ("insufficient_quota", "insufficient_quota"),
    Kind.FORBIDDEN: ("invalid_request_error", None),
    Kind.NOT_FOUND: ("invalid_request_error", "model_not_found"),
    Kind.CONFLICT: ("invalid_request_error", None),
    Kind.TOO_LARGE: ("invalid_request_error", None),
    Kind.RATE_LIMITED: ("rate_limit_error", "rate_limit_exceeded"),
    Kind.BAD_GATEWAY: ("server_error", None),
    Kind.UNAVAILABLE: ("server_error", "server_is_overloaded"),
    Kind.TIMEOUT: ("server_error", "timeout"),
    Kind.INTERNAL: ("server_error", None),
}
"""What went wrong → the type and the code that the SDKs know for it."""


_STATUS = {Kind.BILLING: 429}
"""Where the SDKs of this dialect expect another status than the vendor's own."""


def error_object(error: ProxyError) -> dict[str, object]:
    """The object under the key `error`."""
    kind, code = _TYPES[error.kind]
    return {
        "message": error.message,
        "type": kind,
        "param": error.param,
        "code": error.code or code,
    }


def write_error(error: ProxyError) -> Rendered:
    """The whole HTTP answer. `Retry-After` is in whole seconds, rounded up."""
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
        if isinstance(error, RateLimited) and error.of in ("requests", "tokens"):
            headers[f"x-ratelimit-limit-{error.of}"] = str(int(error.limit))
            headers[f"x-ratelimit-remaining-{error.of}"] = str(int(error.left))
            headers[f"x-ratelimit-reset-{error.of}"] = f"{math.ceil(error.reset)}s"
    if error.kind is Kind.BILLING:
        headers["x-should-retry"] = "false"  # or the SDKs take the 429 for a passing one
    return Rendered(
        _STATUS.get(error.kind, error.status), orjson.dumps({"error": error_object(error)}), headers
    )
