"""Reads a run of frames that differ in one string alone without parsing each of them.

The frames of a streamed text are the same bytes but for the text. Once one of them has been parsed
in full, the bytes before and after its text are known; a following frame with the same ones and a
legal JSON string between them can only mean the same frame with another text. Reading a hundred
such frames that arrive together costs about as much as parsing three.
"""

from collections.abc import Callable
from typing import Any

import orjson

_PROBE = b"\\u0000probe"
_PROBE_TEXT = "\x00probe"

_BACKSLASH = ord("\\")

_FRAME_END = b"\n\n"

_LONGEST = 512
"""Frames of one run; bounds what is looked at again where runs are short and many."""

TextAt = Callable[[Any], tuple[dict[str, Any], str] | None]
"""Where the text of a parsed frame stands, as a JSON object and the key in it; None where the frame
carries anything but text."""


class TextRuns:
    """Learns the shape of text frames and then cuts runs of them out of a block.

    `keys` are the ways in which the key of the text may be written, up to the value's quote.
    """

    __slots__ = ("_ending", "_joint", "_keys", "_opening", "_text_at")

    def __init__(self, text_at: TextAt, keys: tuple[bytes, ...]) -> None:
        self._text_at = text_at
        self._keys = keys
        self._opening = b""
        self._ending = b""
        self._joint = b""

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
                self._opening = event + b"\n" + prefix if event else prefix
                self._ending = suffix
                self._joint = suffix + _FRAME_END + self._opening
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
        opening = self._opening
        if not opening or not block.startswith(opening, start):
            return None
        second = block.find(_FRAME_END, start + len(opening)) + len(_FRAME_END)
        if not block.startswith(opening, second):
            text = self._text(block[start:second])
            return None if text is None else (text, second)
        bodies = self._bodies(block, start)
        try:
            # Each by itself, for halves of an escape or a character must not make a whole together;
            # with line ends between them, which are legal there and illegal inside a string.
            texts = orjson.loads(b'["' + b'",\n"'.join(bodies) + b'"]')
        except ValueError:
            return None
        if not bodies or len(texts) != len(bodies):
            return None
        around = len(opening) + len(self._ending) + len(_FRAME_END)
        return "".join(texts), start + len(bodies) * around + sum(map(len, bodies))

    def _text(self, frame: bytes) -> str | None:
        """The text of a frame that is known to its text and comes alone."""
        quote, behind = len(self._opening) - 1, len(frame) - len(_FRAME_END) - len(self._ending)
        if behind <= quote or not frame.startswith(self._ending, behind):
            return None
        try:
            text: str = orjson.loads(frame[quote : behind + 1])
        except ValueError:
            return None
        return text

    def _bodies(self, block: bytes, start: int) -> list[bytes]:
        """What stands between the quotes of each frame of the run."""
        opening, ending = self._opening, self._ending
        per_frame = opening.count(b"\n") + len(_FRAME_END)
        lines = block[start:].split(b"\n", per_frame * _LONGEST)
        prefix = opening.rpartition(b"\n")[2]
        carriers = lines[per_frame - len(_FRAME_END) : -1 : per_frame]
        while carriers and not self._is_known(carriers[-1], prefix):
            carriers.pop()
        begin, end = len(prefix), -len(ending)
        bodies = [line[begin:end] for line in carriers]
        run = opening + self._joint.join(bodies) + ending + _FRAME_END
        if block.startswith(run, start):  # which saves a look at each
            return bodies
        return bodies[: self._known_frames(block, start)]

    def _known_frames(self, block: bytes, start: int) -> int:
        """How many frames there are from `start` on until one is another."""
        count, opening = 0, self._opening
        while count < _LONGEST and block.startswith(opening, start):
            end = block.find(_FRAME_END, start)
            if not self._is_known(block[start:end], opening):
                break
            count, start = count + 1, end + len(_FRAME_END)
        return count

    def _is_known(self, frame: bytes, opening: bytes) -> bool:
        begin, end = len(opening), len(frame) - len(self._ending)
        return (
            begin <= end
            and frame.startswith(opening)
            and frame.endswith(self._ending)
            and frame.find(b"\n", begin, end) < 0
        )


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
