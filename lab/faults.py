"""The faults that vendors are known for, each by a name and a sentence."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus

from llm_proxy.lab.answers import WIDE, Answer, Asked
from llm_proxy.lab.vendor import Play, hangs, resets, streamed, whole
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import Kind, UpstreamRefused
from llm_proxy.pipeline.events import Finish
from llm_proxy.pipeline.record import record

Deed = Callable[[Asked], Play]
"""What a vendor plays when it is asked this."""


@record
class Fault:
    """One thing that goes wrong. Without a deed nobody listens at the vendor's address;
    `says_nothing` marks an answer that is whole and has no text."""

    name: str
    about: str
    deed: Deed | None
    says_nothing: bool = False


def answer_well(asked: Asked) -> Play:
    """Nothing goes wrong."""
    answer = asked.good()
    return _sent(answer, *answer.spoken, answer.ending)


def _sent(answer: Answer, *pieces: bytes, ends: str = "well") -> Play:
    # An empty chunk would end the body.
    frames = [piece for piece in pieces if piece]
    return streamed(frames, ends=ends, content_type=answer.content_type)


def _whatever_is_asked(play: Play) -> Deed:
    return lambda _asked: play


# --- errors ---------------------------------------------------------------------------------------

_STATUSES = {
    400: Kind.BAD_REQUEST,
    401: Kind.UNAUTHORIZED,
    403: Kind.FORBIDDEN,
    404: Kind.NOT_FOUND,
    408: Kind.TIMEOUT,
    409: Kind.CONFLICT,
    413: Kind.TOO_LARGE,
    500: Kind.INTERNAL,
    502: Kind.BAD_GATEWAY,
    503: Kind.UNAVAILABLE,
    529: Kind.UNAVAILABLE,
}
"""The statuses that vendors give, and what each says in the dialect's own words."""


def _in_a_second() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=1)


_WAITS: Mapping[str, tuple[str, Callable[[], dict[str, str]]]] = {
    "": ("retry-after in seconds", lambda: {"retry-after": "1"}),
    "-date": (
        "retry-after as a date",
        lambda: {"retry-after": format_datetime(_in_a_second(), usegmt=True)},
    ),
    "-ms": ("retry-after-ms", lambda: {"retry-after-ms": "100"}),
    "-openai": (
        "OpenAI's headers of a limit that is used up",
        lambda: {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "100ms"},
    ),
    "-anthropic": (
        "Anthropic's headers of a limit that is used up",
        lambda: {
            "anthropic-ratelimit-requests-remaining": "0",
            "anthropic-ratelimit-requests-reset": f"{_in_a_second():%Y-%m-%dT%H:%M:%SZ}",
        },
    ),
}
"""How vendors say when to come again: the end of the fault's name, a word for it, the headers."""


def _failure(kind: Kind, status: int, retry_after: float | None = None) -> UpstreamRefused:
    return UpstreamRefused(f"the lab plays: {kind.value}", kind, status, retry_after=retry_after)


def _error(kind: Kind, status: int, headers: Callable[[], dict[str, str]] = dict) -> Deed:
    """An error in the vendor's own words, whatever status its dialect has for them."""

    def deed(asked: Asked) -> Play:
        body = asked.dialect.write_error(_failure(kind, status), "lab").body
        return whole(body, status, **headers())

    return deed


def _refusal(kind: Kind, message: str) -> Deed:
    """An error with the status that the vendor's dialect has for it."""

    def deed(asked: Asked) -> Play:
        error = UpstreamRefused(message, kind, HTTPStatus.BAD_REQUEST)
        rendered = asked.dialect.write_error(error, "lab")
        return whole(rendered.body, rendered.status)

    return deed


def _wait_in_the_body(_asked: Asked) -> Play:
    error = _failure(Kind.RATE_LIMITED, 429, retry_after=1)
    return whole(DIALECTS["gemini"].write_error(error, "lab").body, 429)


# --- answers that are none ------------------------------------------------------------------------


def _error_as_answer(asked: Asked) -> Play:
    answer = asked.error(_failure(Kind.UNAVAILABLE, 503))
    return _sent(answer, answer.body)


def _saying_nothing(finish: Finish) -> Deed:
    def deed(asked: Asked) -> Play:
        answer = asked.without_text(finish)
        return _sent(answer, answer.body)

    return deed


def _bare(body: bytes) -> Deed:
    """A body that is no answer, where the head promises one."""
    return lambda asked: whole(body, content_type=asked.good().content_type)


_PAGE = whole(
    b"<!DOCTYPE html><html><body>Please log in.</body></html>",
    content_type="text/html; charset=utf-8",
)


# --- answers that break off -----------------------------------------------------------------------


def _nothing(_answer: Answer) -> bytes:
    return b""


def _first(answer: Answer) -> bytes:
    return answer.spoken[0]


def _all_but_the_end(answer: Answer) -> bytes:
    return b"".join(answer.spoken)


def _half_a_character(answer: Answer) -> bytes:
    return answer.body[: answer.body.index(WIDE.encode()) + 1]


def _half_a_frame(answer: Answer) -> bytes:
    return answer.spoken[0] + answer.spoken[1][: len(answer.spoken[1]) // 2]


def _part(beginning: Callable[[Answer], bytes], ends: str) -> Deed:
    def deed(asked: Asked) -> Play:
        answer = asked.good()
        return _sent(answer, beginning(answer), ends=ends)

    return deed


FAULTS: tuple[Fault, ...] = (
    Fault("refused", "nobody listens at the backend's address", None),
    Fault("reset", "the connection is closed before the head", _whatever_is_asked(resets)),
    Fault("slow-head", "the head never comes", _whatever_is_asked(hangs)),
    *(
        Fault(f"error-429{end}", f"status 429, {about}", _error(Kind.RATE_LIMITED, 429, headers))
        for end, (about, headers) in _WAITS.items()
    ),
    Fault("error-429-gemini", "status 429, Gemini's RetryInfo in the body", _wait_in_the_body),
    *(
        Fault(f"error-{status}", f"status {status}", _error(kind, status))
        for status, kind in _STATUSES.items()
    ),
    Fault(
        "quota", "the account's quota is used up", _refusal(Kind.BILLING, "the lab plays: no money")
    ),
    Fault(
        "context-too-long",
        "the prompt is too long",
        # Some vendors have no word for it but these.
        _refusal(Kind.CONTEXT_TOO_LONG, "the lab plays: exceeds the maximum number of tokens"),
    ),
    Fault("error-in-200", "status 200, and an error where the answer should be", _error_as_answer),
    Fault(
        "content-filter",
        "an answer without text, ended by the vendor's filter",
        _saying_nothing(Finish("content_filter")),
        says_nothing=True,
    ),
    Fault(
        "empty",
        "an answer that is whole and has no text",
        _saying_nothing(Finish("stop")),
        says_nothing=True,
    ),
    Fault("empty-body", "status 200 and nothing else", _bare(b"")),
    Fault("garbage", "status 200 and broken JSON", _bare(b'data: {"id": ]\n\n')),
    Fault("html", "status 200 and a web page", _whatever_is_asked(_PAGE)),
    Fault("stall-0", "silence after the head", _part(_nothing, "stalls")),
    Fault("stall-1", "silence after the first event with text", _part(_first, "stalls")),
    Fault("stall-n", "silence after all of the text", _part(_all_but_the_end, "stalls")),
    Fault("cut-0", "the connection closed after the head", _part(_nothing, "cut")),
    Fault("cut-1", "closed after the first event with text", _part(_first, "cut")),
    Fault("cut-n", "closed after all of the text", _part(_all_but_the_end, "cut")),
    Fault("cut-character", "closed inside a character", _part(_half_a_character, "cut")),
    Fault("cut-frame", "closed inside a frame", _part(_half_a_frame, "cut")),
    Fault("cut-chunk", "closed inside a chunk of the body", _part(_first, "torn")),
    Fault("cut-clean", "the body ends as it should, in mid-answer", _part(_first, "well")),
)
"""Every fault, those that come first in an answer's life before the others."""
