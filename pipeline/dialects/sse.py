"""Server-sent events: a byte stream cut anywhere → frames, each with the bytes it came in.

Format: WHATWG HTML, section 9.2 "Server-sent events". Lines end with LF, CR or CRLF and nothing
else; a blank line ends a frame.
"""

import re

from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.record import record

_LINE_END = re.compile(rb"\r\n|\n|\r")
# A CR at the very end may be half of a CRLF, so it ends nothing until the next byte is there.
_FRAME_END = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n|\Z))")
_LONGEST_END = 3
"""Bytes of a frame's end, less the one that completes it."""

_BOM = b"\xef\xbb\xbf"
_CR = ord("\r")
"""To ask whether bytes hold a number is ten times as cheap as to ask for a text in them."""


@record
class SseFrame:
    """One event: its name, its data (None for a comment), and its bytes with the blank line."""

    event: str
    data: bytes | None
    raw: bytes

    @property
    def is_comment(self) -> bool:
        """Whether it holds comments and nothing else."""
        return all(line.startswith(b":") for line in _LINE_END.split(self.raw) if line)


class SseSplitter:
    """Cuts a stream into blocks that end where a frame ends, keeping the rest for later."""

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._limit = limit
        self._rest: list[bytes] = []
        self._size = 0
        self._seam = b""

    def feed(self, data: bytes) -> bytes:
        """The whole frames that are there now, as they came; may be empty.

        Only what is new is searched, with the last bytes before it, for a frame may be large.
        """
        if not self._size and data[-2:] == b"\n\n" and _CR not in data:
            return data  # most vendors write whole frames
        looked_at = self._seam + data
        behind = len(looked_at) - _last_frame_end(looked_at)
        if behind == len(looked_at):
            self._keep([*self._rest, data], self._size + len(data), looked_at)
            return b""
        whole = b"".join([*self._rest, data])
        rest = whole[len(whole) - behind :]
        self._keep([rest], len(rest), rest)
        return whole[: len(whole) - behind]

    def _keep(self, rest: list[bytes], size: int, end: bytes) -> None:
        if size > self._limit:
            raise UpstreamBroken("the backend sent a frame that is too large")
        self._rest, self._size, self._seam = rest, size, end[-_LONGEST_END:]

    def close(self) -> bytes:
        """What is left at the end of the stream: an unfinished frame, or nothing."""
        rest = b"".join(self._rest)
        self._keep([], 0, b"")
        return rest


def _last_frame_end(buffer: bytes) -> int:
    if _CR not in buffer:
        found = buffer.rfind(b"\n\n")
        return found + 2 if found >= 0 else 0
    end = 0
    for match in _FRAME_END.finditer(buffer):
        end = match.end()
    return end


def frame_end(block: bytes, start: int) -> int:
    """Where the frame that begins at `start` of a block ends."""
    if _CR not in block:
        found = block.find(b"\n\n", start)
        return found + 2 if found >= 0 else len(block)
    match = _FRAME_END.search(block, start)
    return match.end() if match else len(block)


def parse_frame(raw: bytes) -> SseFrame:
    """One frame's fields. Several `data:` lines are joined with LF; unknown fields are skipped."""
    event = ""
    data: list[bytes] = []
    lines = raw.split(b"\n") if _CR not in raw else _LINE_END.split(raw)
    lines[0] = lines[0].removeprefix(_BOM)
    for line in lines:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
        elif name == b"event":
            event = value.decode("utf-8", "replace")
    return SseFrame(event, b"\n".join(data) if data else None, raw)
