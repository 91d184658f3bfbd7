"""How long a vendor asks to be left alone, from the headers that each of them has for it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

LONGEST_WAIT = 86_400.0

_LIMITS = re.compile(r"(?:x|anthropic)-ratelimit-(?:remaining-)?(.*?)(?:-remaining)?")
"""Headers that tell what is left of a limit: OpenAI's name the limit last, Anthropic's before."""

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?")
_UNITS = (86_400.0, 3600.0, 60.0, 1.0, 0.001)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `retry-after` (seconds or an HTTP date), else until
    the last of the limits that are used up is there again. Names are looked up in lower case."""
    seconds = _asked(headers)
    if seconds is None:
        seconds = _until_reset(headers)
    return bounded(seconds)


def bounded(seconds: float | None) -> float | None:
    """A wait that is neither negative nor longer than a day."""
    return None if seconds is None else min(max(0.0, seconds), LONGEST_WAIT)


def duration(text: object) -> float | None:
    """Seconds of a text such as `32s`, `6m0s` or `12ms`."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if match is None:
        return None
    parts = [number(part) for part in match.groups()]
    return sum(unit * (part or 0) for unit, part in zip(_UNITS, parts, strict=True))


def number(text: str | None) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if isfinite(value) else None


def _asked(headers: Mapping[str, str]) -> float | None:
    milliseconds = number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = number(value)
    if seconds is not None:
        return seconds if seconds >= 0 else None
    try:
        return _from_now(parsedate_to_datetime(value))
    except (ValueError, TypeError, OverflowError):  # no date, or one without a zone
        return None


def _until_reset(headers: Mapping[str, str]) -> float | None:
    """The longest wait among the limits of which nothing is left."""
    waits: list[float] = []
    for name, left in headers.items():
        match = _LIMITS.fullmatch(name.lower())
        if match is None or "remaining" not in name.lower() or number(left) != 0:
            continue
        openai, anthropic = f"x-ratelimit-reset-{match[1]}", f"anthropic-ratelimit-{match[1]}-reset"
        wait = duration(headers.get(openai)) or _until(headers.get(anthropic))
        if wait is not None:
            waits.append(wait)
    return max(waits, default=None)


def _until(moment: str | None) -> float | None:
    """Seconds until a moment as RFC 3339 writes it."""
    try:
        return _from_now(datetime.fromisoformat(moment or ""))
    except (ValueError, TypeError, OverflowError):
        return None


def _from_now(moment: datetime) -> float:
    return (moment - datetime.now(UTC)).total_seconds()
