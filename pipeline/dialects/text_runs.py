"""Reads a run of frames that differ in one string alone without parsing each of them.

The frames of a streamed text are the same bytes but for the text. Once one of them has been parsed
in full, the bytes before and after its text are known; a following frame with the same ones and a
legal JSON string between them can only mean the same frame with another text. Splitting a read of
a hundred such frames costs a few microseconds, parsing them as much as relaying them.
"""

from collections.abc import Callable
from typing import Any

import orjson

from llm_proxy.pipeline.json_values import is_list, is_object

_PROBE = b"\\u0000probe"
_BACKSLASH = ord("\\")
_PROBE_TEXT = "\x00probe"


class TextRuns:
    """Learns the shape of text frames and then cuts runs of them out of a block.

    `text_of` gives the text of a parsed frame, or None where it carries anything but text. `keys`
    are the ways in which the key of the text may be written, quote of the value included.
    """

    __slots__ = ("_keys", "_prefix", "_seam", "_suffix", "_text_of")

    def __init__(self, text_of: Callable[[Any], str | None], keys: tuple[bytes, ...]) -> None:
        self._text_of = text_of
        self._keys = keys
        self._prefix = b""
        self._suffix = b""
        self._seam = b""

    def learn(self, raw: bytes) -> None:
        """Take the shape of `raw`, a frame of one `data:` line that carries text alone."""
        for key in self._keys:
            start = raw.find(key) + len(key)
            if start < len(key):
                continue
            end = _string_end(raw, start)
            prefix, suffix = raw[:start], raw[end:]
            if self._varies_only_the_text(raw, prefix + _PROBE + suffix):
                self._prefix, self._suffix, self._seam = prefix, suffix, suffix + prefix
                return

    def _varies_only_the_text(self, raw: bytes, probe: bytes) -> bool:
        try:
            original, probed = _json(raw), _json(probe)
        except ValueError:
            return False
        text = self._text_of(original)
        if text is None or self._text_of(probed) != _PROBE_TEXT:
            return False
        try:
            return bool(orjson.dumps(original) == orjson.dumps(_swapped(probed, _PROBE_TEXT, text)))
        except orjson.JSONEncodeError:
            return False  # nested more deeply than can be written

    def cut(self, block: bytes, start: int) -> tuple[str, int] | None:
        """The text of the run of known frames at `start` of a block of whole frames, and where the
        run ends; None where no such run begins there."""
        if not self._prefix or not block.startswith(self._prefix, start):
            return None
        begin = start + len(self._prefix)
        bodies = block[begin:].split(self._seam)
        run = self._closed(block, begin, bodies)
        if run is None and len(bodies) > 1:
            # A frame of another kind stands between: take the first one alone.
            run = self._closed(block, begin, bodies[:1])
        return run

    def _closed(self, block: bytes, begin: int, bodies: list[bytes]) -> tuple[str, int] | None:
        """The text of `bodies`, with whatever follows the last one cut off."""
        last = bodies[-1][: _string_end(bodies[-1], 0)]
        inside = self._seam.join([*bodies[:-1], last])
        end = begin + len(inside)
        if not block.startswith(self._suffix, end):
            return None
        try:
            # Each by itself, for halves of an escape or a character must not make a whole together;
            # with line ends between them, which are legal there and illegal inside a string.
            texts = orjson.loads(b'["' + b'",\n"'.join([*bodies[:-1], last]) + b'"]')
        except ValueError:
            return None
        if len(texts) != len(bodies):
            return None
        return "".join(texts), end + len(self._suffix)


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


def _json(raw: bytes) -> Any:
    return orjson.loads(raw.strip().removeprefix(b"data:"))


def _swapped(value: Any, old: str, new: str) -> Any:
    if is_object(value):
        return {key: _swapped(item, old, new) for key, item in value.items()}
    if is_list(value):
        return [_swapped(item, old, new) for item in value]
    return new if value == old else value
