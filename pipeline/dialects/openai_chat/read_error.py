"""A vendor's failure, as a status or where an answer should be → the error the client gets."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite
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
    "invalid_request_error": 400,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "server_is_overloaded": 503,
    "slow_down": 503,
    "1112": 402,  # Z.AI's business codes
    "1113": 402,
    "1211": 404,
    "1302": 429,
    "1303": 429,
    "1305": 503,
    "1312": 503,
}
"""Codes and types in a body that tell more than the status beside them."""

_CONTEXT = frozenset({"context_length_exceeded", "exceed_context_size_error", "1261"})

_VAGUE = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY})
"""Statuses that leave open what happened: also our own for an error inside a 200."""

_SHOWN = 500

_LONGEST_WAIT = 86_400.0


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
    seconds = _seconds(headers)
    return None if seconds is None else min(max(0.0, seconds), _LONGEST_WAIT)


def _seconds(headers: Mapping[str, str]) -> float | None:
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _number(value)
    if seconds is not None:
        return seconds if seconds >= 0 else None
    try:
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):  # no date, or one without a zone
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if isfinite(number) else None


def _error_in(parsed: object) -> object:
    """The error of a body. vLLM's older form has no key `error` but is one itself."""
    if not is_object(parsed):
        return None
    return parsed.get("error") or (parsed if parsed.get("object") == "error" else None)


class _Report:
    """What a vendor says about an error: an object, a bare text, or nothing."""

    def __init__(self, error: object) -> None:
        fields = error if is_object(error) else {}
        text = error if isinstance(error, str) else fields.get("message") or fields.get("detail")
        self.message = text if isinstance(text, str) else ""
        self.words = [str(fields[key]) for key in ("code", "type") if fields.get(key) is not None]
        code = fields.get("code")
        # A number repeats the status; a word is worth keeping.
        self.code = code if isinstance(code, str) and not code.isdecimal() else None
        self.param = fields["param"] if isinstance(fields.get("param"), str) else None

    def as_error(self, status: int, wait: float | None) -> ProxyError:
        status = self._told_status(status)
        message = self.message or f"the backend answered with status {status}"
        told = f"the vendor answered {status}" + (f" ({self.code})" if self.code else "")
        if status == HTTPStatus.UNAUTHORIZED:
            told = "the backend refused the proxy's own key"
            return UpstreamBroken(f"{told}: {message}", for_log=told)
        refused = _REFUSED.get(status)
        if refused is None and status not in _FAILED and status // 100 == 4:  # noqa: PLR2004
            refused = (Kind.BAD_REQUEST, status)
        if refused is None:
            failed = _FAILED.get(status, UpstreamBroken)
            return failed(message, code=self.code, retry_after=wait, for_log=told)
        kind, shown = refused
        if _CONTEXT.intersection(self.words):
            kind = Kind.CONTEXT_TOO_LONG
        return UpstreamRefused(
            message,
            kind,
            shown,
            param=self.param,
            code=self.code,
            retry_after=wait,
            for_log=told,
        )

    def _told_status(self, status: int) -> int:
        """The status that the body tells, if the one beside it leaves the question open."""
        if status not in _VAGUE:
            return status
        for word in self.words:
            if word in _CONTEXT:
                return HTTPStatus.BAD_REQUEST
            if word in _CODES:
                return _CODES[word]
            if word.isdecimal() and len(word) == 3 and word[0] in "45":  # noqa: PLR2004
                return int(word)
        return status
