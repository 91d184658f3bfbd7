"""Errors as Google's APIs word them: `{"error": {code, message, status, details}}`."""

import math
from http import HTTPStatus
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.dialect import Rendered
from llm_proxy.pipeline.errors import Kind, ProxyError

_WORDS: dict[Kind, tuple[int, str]] = {
    Kind.BAD_REQUEST: (400, "INVALID_ARGUMENT"),
    Kind.CONTEXT_TOO_LONG: (400, "INVALID_ARGUMENT"),
    Kind.UNAUTHORIZED: (401, "UNAUTHENTICATED"),
    Kind.BILLING: (429, "RESOURCE_EXHAUSTED"),
    Kind.FORBIDDEN: (403, "PERMISSION_DENIED"),
    Kind.NOT_FOUND: (404, "NOT_FOUND"),
    Kind.CONFLICT: (409, "ABORTED"),
    Kind.TOO_LARGE: (400, "INVALID_ARGUMENT"),
    Kind.RATE_LIMITED: (429, "RESOURCE_EXHAUSTED"),
    Kind.BAD_GATEWAY: (500, "INTERNAL"),
    Kind.UNAVAILABLE: (503, "UNAVAILABLE"),
    Kind.TIMEOUT: (504, "DEADLINE_EXCEEDED"),
    Kind.INTERNAL: (500, "INTERNAL"),
}
"""What went wrong → the status and its name, which the SDKs know."""

_DETAIL = "type.googleapis.com/google.rpc."


def status_of(error: ProxyError) -> int:
    """The HTTP status, which the body repeats."""
    if error.status == HTTPStatus.METHOD_NOT_ALLOWED:
        return error.status
    return _WORDS[error.kind][0]


def error_body(error: ProxyError) -> dict[str, Any]:
    """The body. `error` is its first key: by that the SDK knows it among chunks."""
    fields: dict[str, Any] = {
        "code": status_of(error),
        "message": error.message,
        "status": _WORDS[error.kind][1],
    }
    if details := _details(error):
        fields["details"] = details
    return {"error": fields}


def _details(error: ProxyError) -> list[dict[str, Any]]:
    details: list[dict[str, Any]] = []
    if error.code is not None:
        details.append({"@type": f"{_DETAIL}ErrorInfo", "reason": error.code})
    if error.param is not None:
        violation = {"field": error.param, "description": error.message}
        details.append({"@type": f"{_DETAIL}BadRequest", "fieldViolations": [violation]})
    if error.retry_after is not None:
        delay = f"{_seconds(error.retry_after)}s"
        details.append({"@type": f"{_DETAIL}RetryInfo", "retryDelay": delay})
    return details


def _seconds(retry_after: float) -> int:
    """Whole seconds, rounded up."""
    return max(1, math.ceil(retry_after))


def write_error(error: ProxyError) -> Rendered:
    """The whole HTTP answer."""
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(_seconds(error.retry_after))
    return Rendered(status_of(error), orjson.dumps(error_body(error)), headers)
