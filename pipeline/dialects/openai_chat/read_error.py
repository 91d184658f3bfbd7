"""A vendor's failure, as a status or where an answer should be → the error the client gets."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import orjson

from llm_proxy.pipeline.errors import (
    Kind,
    ProxyError,
    UpstreamBroken,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from llm_proxy.pipeline.json_values import is_object

_REFUSED: dict[int, tuple[Kind, int]] = {
    400: (Kind.BAD_REQUEST, 400),
    402: (Kind.BILLING, 429),
    403: (Kind.FORBIDDEN, 403),
    404: (Kind.NOT_FOUND, 404),
    409: (Kind.CONFLICT, 409),
    413: (Kind.TOO_LARGE, 413),
    422: (Kind.BAD_REQUEST, 400),
}
"""A vendor's status → what it means, and the status a client of this dialect expects for it."""

_FAILED: dict[int, type[ProxyError]] = {
    408: UpstreamTimeout,
    429: UpstreamRateLimited,
    503: UpstreamUnavailable,
    504: UpstreamTimeout,
    529: UpstreamUnavailable,
}

_CODES: dict[str, int] = {
    "insufficient_quota": 402,
    "credit_balance_exhausted": 402,
    "context_length_exceeded": 400,
    "exceed_context_size_error": 400,
    "invalid_request_error": 400,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "server_is_overloaded": 503,
    "slow_down": 503,
}
"""Words in a body that tell more than the status beside them."""

_CONTEXT = ("context_length_exceeded", "exceed_context_size_error")

_SHOWN = 500


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> ProxyError:
    """The error that an answer with this status means. `headers` have case-insensitive names."""
    try:
        parsed: Any = orjson.loads(body)
    except ValueError:
        parsed = body.decode("utf-8", "replace").strip()[:_SHOWN]
    return _Report(_error_in(parsed) or parsed).as_error(status, retry_after(headers))


def reported_error(answer: Mapping[str, Any]) -> ProxyError | None:
    """The error in an answer of status 200, or None."""
    error = _error_in(answer)
    return _Report(error).as_error(HTTPStatus.BAD_GATEWAY, None) if error else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `retry-after` (seconds or an HTTP date)."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return max(0.0, float(milliseconds) / 1000)
        return _seconds(headers.get("retry-after"))
    except (ValueError, TypeError):  # no number, no date, or a date without a zone
        return None


def _seconds(value: str | None) -> float | None:
    if value is None:
        return None
    if value.strip()[:1].isdigit():
        return float(value)
    return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())


def _error_in(parsed: object) -> object:
    """The error of a body. vLLM's older form has no key `error` but is one itself."""
    if not is_object(parsed):
        return None
    return parsed.get("error") or (parsed if parsed.get("object") == "error" else None)


class _Report:
    """What a vendor says about an error: an object, a bare text, or nothing."""

    def __init__(self, error: object) -> None:
        fields = error if is_object(error) else {}
        text = error if isinstance(error, str) else fields.get("message")
        self.message = text if isinstance(text, str) else ""
        self.words = [str(fields[key]) for key in ("code", "type") if fields.get(key) is not None]
        self.code = self.words[0] if fields.get("code") is not None else None
        self.param = fields["param"] if isinstance(fields.get("param"), str) else None

    def as_error(self, status: int, wait: float | None) -> ProxyError:
        status = self._told_status(status)
        message = self.message or f"the backend answered with status {status}"
        if refused := _REFUSED.get(status):
            kind, shown = refused
            if any(word in _CONTEXT for word in self.words):
                kind = Kind.CONTEXT_TOO_LONG
            return UpstreamRefused(
                message, kind, shown, param=self.param, code=self.code, retry_after=wait
            )
        if status == HTTPStatus.UNAUTHORIZED:
            return UpstreamBroken(f"the backend refused the proxy's own key: {message}")
        if status not in _FAILED and status // 100 == 4:  # noqa: PLR2004
            return UpstreamRefused(message, Kind.BAD_REQUEST, status, code=self.code)
        failed = _FAILED.get(status, UpstreamBroken)
        return failed(message, code=self.code, retry_after=wait)

    def _told_status(self, status: int) -> int:
        """The status that the body tells, if the one beside it leaves the question open."""
        if status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY):
            return status
        for word in self.words:
            if word in _CODES:
                return _CODES[word]
            if word.isdecimal() and int(word) // 100 in (4, 5):
                return int(word)
        return status
