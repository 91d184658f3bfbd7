"""A vendor's failure, as a status or where an answer should be → the error the client gets.

The vendors' bodies differ in names alone, so one reader knows the words of all of them: an object
`error` with `message` and a word under `code`, `type` or `status`.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.waits import bounded, duration, retry_after
from llm_proxy.pipeline.errors import (
    Fault,
    Kind,
    ProxyError,
    UpstreamBroken,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from llm_proxy.pipeline.json_values import is_list, is_object, objects_in

_REFUSED: dict[int, tuple[Kind, int]] = {
    400: (Kind.BAD_REQUEST, 400),
    402: (Kind.BILLING, 402),
    403: (Kind.FORBIDDEN, 403),
    404: (Kind.NOT_FOUND, 404),
    409: (Kind.CONFLICT, 409),
    413: (Kind.TOO_LARGE, 413),
    422: (Kind.BAD_REQUEST, 400),
}
"""A vendor's status → what it means, and the status that is kept for it."""

_FAILED: dict[int, type[UpstreamError]] = {
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
    "rate_limit_error": 429,
    "server_is_overloaded": 503,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
    "slow_down": 503,
    "1112": 402,  # Z.AI's business codes
    "1113": 402,
    "1211": 404,
    "1302": 429,
    "1303": 429,
    "1304": 402,
    "1308": 402,
    "1310": 402,
    "1305": 503,
    "1312": 503,
}
"""Codes and types in a body that tell more than the status beside them."""

_CONTEXT = frozenset({"context_length_exceeded", "exceed_context_size_error", "1261"})

_CONTEXT_TEXT = re.compile(
    r"prompt is too long|maximum context length|exceeds the maximum number of (input )?tokens",
    re.IGNORECASE,
)
"""How those say it that have no word for it."""

_OWN_KEY = frozenset({"authentication_error", "UNAUTHENTICATED", "API_KEY_INVALID", "1000", "1001"})
"""Words for a key that is refused, whatever the status beside them."""

_FILTERED = frozenset({"content_filter", "content_policy_violation", "1301"})
"""Words for what the vendor will not have said, whatever the status beside them."""

_VAGUE = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY})
"""Statuses that leave open what happened: also our own for an error inside a 200."""

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
    if not error:
        return None
    told = _Report(error).as_error(HTTPStatus.BAD_GATEWAY, None)
    if told.fault is Fault.SERVER_ERROR:  # it says no more than that there is an error
        told.fault = Fault.ERROR_IN_ANSWER
    return told


def _error_in(parsed: object) -> object:
    """The error of a body. vLLM's older form has no key `error` but is one itself."""
    if is_list(parsed) and parsed:  # Gemini's, where the answer would have been a list
        parsed = parsed[0]
    if not is_object(parsed):
        return None
    return parsed.get("error") or (parsed if parsed.get("object") == "error" else None)


class _Report:
    """What a vendor says about an error: an object, a bare text, or nothing."""

    def __init__(self, error: object) -> None:
        fields = error if is_object(error) else {}
        text = error if isinstance(error, str) else fields.get("message") or fields.get("detail")
        self.message = text if isinstance(text, str) else ""
        details = objects_in(fields.get("details"))
        named = [fields.get("code"), fields.get("type"), fields.get("status")]
        named += [detail.get("reason") for detail in details]
        self.words = [str(word) for word in named if word is not None]
        self.wait = next(
            (bounded(duration(d["retryDelay"])) for d in details if "retryDelay" in d), None
        )
        code = fields.get("code")
        # A number repeats the status; a word is worth keeping.
        self.code = code if isinstance(code, str) and not code.isdecimal() else None
        self.refuses_our_key = bool(_OWN_KEY.intersection(self.words))
        self.param = fields["param"] if isinstance(fields.get("param"), str) else None

    def as_error(self, status: int, wait: float | None) -> ProxyError:
        status = self._told_status(status)
        message = self.message or f"the backend answered with status {status}"
        told = f"the vendor answered {status}" + (f" ({self.code})" if self.code else "")
        wait = self.wait if wait is None else wait
        if status == HTTPStatus.UNAUTHORIZED or self.refuses_our_key:
            told = "the backend refused the proxy's own key"
            return UpstreamBroken(f"{told}: {message}", for_log=told, fault=Fault.AUTH)
        refused = _REFUSED.get(status)
        if refused is None and status not in _FAILED and status // 100 == 4:  # noqa: PLR2004
            refused = (Kind.BAD_REQUEST, status)
        if refused is None:
            failed = _FAILED.get(status, UpstreamBroken)
            fault = Fault.SERVER_ERROR if failed is UpstreamBroken else None
            return failed(message, code=self.code, retry_after=wait, for_log=told, fault=fault)
        kind, shown = refused
        filtered = _FILTERED.intersection(self.words)
        if _CONTEXT.intersection(self.words) or _CONTEXT_TEXT.search(self.message):
            kind = Kind.CONTEXT_TOO_LONG
        return UpstreamRefused(
            message,
            kind,
            shown,
            param=self.param,
            code=self.code,
            retry_after=wait,
            for_log=told,
            fault=Fault.CONTENT_FILTER if filtered else None,
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
