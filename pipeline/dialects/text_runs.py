"""Reads a run of frames that differ in one string alone without parsing each of them.

The frames of a streamed text are the same bytes but for the text. Once one of them has been parsed
in full, the bytes before and after its text are known; a following frame with the same ones and a
legal JSON string between them can only mean the same frame with another text. Reading a hundred
such frames that arrive together costs about as much as parsing three.
"""

from collections.abc import Callable
from itertools import repeat
from typing import Any

import orjson

_PROBE = b"\\u0000probe"
_PROBE_TEXT = "\x00probe"

_BACKSLASH = ord("\\")

_LONGEST = 512
"""Frames of one run; bounds what is looked at again where runs are short and many."""

TextAt = Callable[[Any], tuple[dict[str, Any], str] | None]
"""Where the text of a parsed frame stands, as a JSON object and the key in it; None where the frame
carries anything but text."""


class TextRuns:
    """Learns the shape of text frames and then cuts runs of them out of a block.

    `keys` are the ways in which the key of the text may be written, up to the value's quote.
    """

    __slots__ = ("_event", "_keys", "_prefix", "_suffix", "_text_at")

    def __init__(self, text_at: TextAt, keys: tuple[bytes, ...]) -> None:
        self._text_at = text_at
        self._keys = keys
        self._event = b""
        self._prefix = b""
        self._suffix = b""

    def learn(self, raw: bytes) -> None:
        """Take the shape of `raw`, if it is one `data:` line and a blank one, with at most a line
        for the event's name before."""
        event, line = b"", raw[:-2]
        if line.startswith(b"event:"):
            event, _, line = line.partition(b"\n")
        if not raw.endswith(b"\n\n") or b"\n" in line or b"\r" in raw:
            return
        for key in self._keys:
            start = line.find(key) + len(key)
            if start < len(key):
                continue
            prefix, suffix = line[:start], line[_string_end(line, start) :]
            if self._varies_only_the_text(line, prefix + _PROBE + suffix):
                self._event, self._prefix, self._suffix = event, prefix, suffix
                return

    def _varies_only_the_text(self, line: bytes, probe: bytes) -> bool:
        try:
            original, probed = _json(line), _json(probe)
            text, place = self._text_at(original), self._text_at(probed)
            if text is None or place is None:
                return False
            (held, key), (object_, probed_key) = text, place
            if object_[probed_key] != _PROBE_TEXT:
                return False
            object_[probed_key] = held[key]
            return bool(probed == original)
        except (ValueError, RecursionError):
            return False

    def cut(self, block: bytes, start: int) -> tuple[str, int] | None:
        """The text of the run of known frames at `start` of a block of whole frames, and where the
        run ends; None where no such run begins there."""
        if not self._prefix or not block.startswith(self._event or self._prefix, start):
            return None
        bodies = self._bodies(block, start)
        try:
            # Each by itself, for halves of an escape or a character must not make a whole together;
            # with line ends between them, which are legal there and illegal inside a string.
            texts = orjson.loads(b'["' + b'",\n"'.join(bodies) + b'"]')
        except ValueError:
            return None
        if not bodies or len(texts) != len(bodies):
            return None
        around = len(self._prefix) + len(self._suffix) + len(b"\n\n")
        if self._event:
            around += len(self._event) + len(b"\n")
        return "".join(texts), start + len(bodies) * around + sum(map(len, bodies))

    def _bodies(self, block: bytes, start: int) -> list[bytes]:
        """What stands between the quotes of each frame of the run."""
        next_frame = block.find(b"\n\n", start) + len(b"\n\n")
        if block.startswith(self._event or self._prefix, next_frame):
            return self._several(block, start)
        opening = self._event + b"\n" + self._prefix if self._event else self._prefix
        begin, end = start + len(opening), next_frame - len(b"\n\n") - len(self._suffix)
        is_known = block.startswith(opening, start) and block.startswith(self._suffix, end)
        return [block[begin:end]] if is_known and begin <= end else []

    def _several(self, block: bytes, start: int) -> list[bytes]:
        prefix, suffix, event = self._prefix, self._suffix, self._event
        begin, end, least = len(prefix), -len(suffix), len(prefix) + len(suffix)
        bodies: list[bytes] = []
        lines = block[start:].split(b"\n", (3 if event else 2) * _LONGEST)
        names = lines[::3] if event else repeat(event)
        own = lines[1:] if event else lines
        step = 3 if event else 2
        for named, line, blank in zip(names, own[::step], own[1::step], strict=False):
            if named != event or blank or len(line) < least:
                break
            if not (line.startswith(prefix) and line.endswith(suffix)):
                break
            bodies.append(line[begin:end])
        return bodies


def _string_end(data: bytes, start: int) -> int:
    """Where the JSON string whose first character is at `start` ends: its closing quote."""
    end = data.find(b'"', start)
    while end > start and _escaped(data, start, end):
        end = data.find(b'"', end + 1)
    return end if end >= 0 else len(data)


def _escaped(data: bytes, start: int, quote: int) -> bool:
    backslash = quote
    while backslash > start and data[backslash - 1] == _BACKSLASH:
        backslash -= 1
    return (quote - backslash) % 2 == 1


def _json(line: bytes) -> Any:
    return orjson.loads(line.strip().removeprefix(b"data:"))
