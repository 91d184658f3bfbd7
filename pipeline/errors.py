"""Every failure a client can be told about, and the failures of a configuration.

Stages and backends raise these; only the web edge renders them, in the caller's dialect. A foreign
error (a socket's, a parser's) is renamed where it enters and nowhere else.
"""

from enum import StrEnum
from typing import ClassVar

from llm_proxy.pipeline.grants import What


class Kind(StrEnum):
    """What went wrong, independent of any dialect; each dialect has one table over it."""

    BAD_REQUEST = "bad_request"
    CONTEXT_TOO_LONG = "context_too_long"
    UNAUTHORIZED = "unauthorized"
    BILLING = "billing"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    INTERNAL = "internal"


class Fault(StrEnum):
    """How a backend has failed, as far as it matters for what to try next."""

    CONNECTION = "connection"
    DNS = "dns"
    TLS = "tls"
    TIMEOUT = "timeout"
    CONFLICT = "conflict"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    OVERLOADED = "overloaded"
    ERROR_IN_ANSWER = "error_in_answer"
    BROKEN_ANSWER = "broken_answer"
    EMPTY_ANSWER = "empty_answer"
    CONTEXT_TOO_LONG = "context_too_long"
    CONTENT_FILTER = "content_filter"
    AUTH = "auth"
    QUOTA = "quota"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    BAD_REQUEST = "bad_request"
    UNTRANSLATABLE = "untranslatable"
    BACKEND_OFF = "backend_off"
    BUSY = "busy"


class ProxyError(Exception):
    """A failure with everything an answer needs.

    `status` is the HTTP status, `param` names the request's field at fault, `code` is the vendor's
    or dialect's own word for it, `retry_after` is in seconds. `for_log` is what the log may say:
    the message, unless that repeats a vendor's words, which may hold a text of the conversation, or
    leaves out what only the operator should see. `fault` is None where no backend is to blame.
    """

    kind: Kind = Kind.INTERNAL
    fault: Fault | None = None
    default_status: ClassVar[int] = 500

    def __init__(  # noqa: PLR0913 - each is a field of the answer
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        for_log: str | None = None,
        fault: Fault | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.for_log = for_log or message
        self.param = param
        self.code = code
        self.retry_after = retry_after
        self.fault = fault or self.fault
        self.status = self.default_status


class BadRequest(ProxyError):
    """The client's request cannot be understood."""

    kind = Kind.BAD_REQUEST
    default_status = 400


class Unauthorized(ProxyError):
    """No key, or a wrong one."""

    kind = Kind.UNAUTHORIZED
    default_status = 401


class Forbidden(ProxyError):
    """The caller is known, and may not have what it asks for."""

    kind = Kind.FORBIDDEN
    default_status = 403


def not_granted(backend: str, model: str) -> Forbidden:
    """The refusal of a model that the caller may not ask."""
    return Forbidden(
        f'this key may not ask "{backend}:{model}"', param="model", code="model_not_allowed"
    )


class NotFound(ProxyError):
    """No such model or endpoint."""

    kind = Kind.NOT_FOUND
    default_status = 404


class MethodNotAllowed(ProxyError):
    """The path is right, the HTTP method is not."""

    kind = Kind.BAD_REQUEST
    default_status = 405


class TooLarge(ProxyError):
    """The request's body is over the limit."""

    kind = Kind.TOO_LARGE
    default_status = 413


class RateLimited(ProxyError):
    """The caller has used up its share, `limit`, of something; `retry_after` tells when there is
    enough again, `reset` when there is all of it, in seconds. `left` is too little, yet may be more
    than nothing."""

    kind = Kind.RATE_LIMITED
    default_status = 429

    def __init__(  # noqa: PLR0913 - each is a field of the answer
        self,
        message: str,
        *,
        limit: float,
        retry_after: float,
        reset: float,
        of: What = "requests",
        left: float = 0,
        fault: Fault | None = None,
    ) -> None:
        super().__init__(message, retry_after=retry_after, fault=fault)
        self.of = of
        self.limit = limit
        self.left = left
        self.reset = reset


class Unavailable(ProxyError):
    """The proxy itself cannot serve this now: too busy, or no backend for it."""

    kind = Kind.UNAVAILABLE
    default_status = 503


class BackendOff(Unavailable):
    """The backend is switched off, or there is none of that name."""

    fault = Fault.BACKEND_OFF


class Busy(Unavailable):
    """As many requests as the file allows are with the backend already, and as many wait."""

    fault = Fault.BUSY


class StateAway(Unavailable):
    """What the replicas share cannot be reached; only the log is told why."""

    def __init__(self, why: str) -> None:
        message = "what the proxy shares with its replicas cannot be reached"
        super().__init__(message, retry_after=1, for_log=f"{message}: {why}")
        self.why = why


class Timeout(ProxyError):
    """The proxy's own time limit for the request has passed."""

    kind = Kind.TIMEOUT
    default_status = 504


class UpstreamError(ProxyError):
    """A backend failed; each class has the fault that is the most likely for it."""


class UpstreamBroken(UpstreamError):
    """The backend's answer is wrong, cut short, or there was no connection (502)."""

    kind = Kind.BAD_GATEWAY
    fault = Fault.BROKEN_ANSWER
    default_status = 502


class UpstreamUnavailable(UpstreamError):
    """The backend says that it is overloaded or down (503)."""

    kind = Kind.UNAVAILABLE
    fault = Fault.OVERLOADED
    default_status = 503


class UpstreamTimeout(UpstreamError):
    """The backend did not answer in time (504)."""

    kind = Kind.TIMEOUT
    fault = Fault.TIMEOUT
    default_status = 504


class UpstreamRateLimited(UpstreamError):
    """The backend's own limit is reached (429)."""

    kind = Kind.RATE_LIMITED
    fault = Fault.RATE_LIMITED
    default_status = 429


_REFUSALS: dict[Kind, Fault] = {
    Kind.BILLING: Fault.QUOTA,
    Kind.FORBIDDEN: Fault.FORBIDDEN,
    Kind.NOT_FOUND: Fault.NOT_FOUND,
    Kind.CONFLICT: Fault.CONFLICT,
    Kind.CONTEXT_TOO_LONG: Fault.CONTEXT_TOO_LONG,
}


class UpstreamRefused(UpstreamError):
    """The backend refused the request itself: its status and message are kept."""

    def __init__(  # noqa: PLR0913 - each is a field of the answer
        self,
        message: str,
        kind: Kind,
        status: int,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        for_log: str | None = None,
        fault: Fault | None = None,
    ) -> None:
        super().__init__(
            message,
            param=param,
            code=code,
            retry_after=retry_after,
            for_log=for_log,
            fault=fault or _REFUSALS.get(kind, Fault.BAD_REQUEST),
        )
        self.kind = kind
        self.status = status


class Untranslatable(UpstreamRefused):
    """What the client asks for cannot be said to this backend, and leaving it out would be another
    question (400). Another backend may know it."""

    def __init__(self, message: str, *, param: str) -> None:
        fault = Fault.UNTRANSLATABLE
        super().__init__(message, Kind.BAD_REQUEST, 400, param=param, fault=fault)


class ConfigError(Exception):
    """A configuration that cannot be used, with all its problems at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CannotStart(Exception):
    """Something that the configuration names and that has to be there is not."""
