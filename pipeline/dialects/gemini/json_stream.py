"""JSON objects one after the other, with or without the list around them, cut anywhere.

This is how an answer streams that was not asked for as server-sent events: one list, element by
element.
"""

import re

from llm_proxy.pipeline.errors import UpstreamBroken

_TOKEN = re.compile(rb'["\\{}]')
_IN_STRING = re.compile(rb'["\\]')
_BETWEEN = re.compile(rb"[\s\[\],]*")
_LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")


class JsonSplitter:
    """Cuts a stream into its objects, each as one line."""

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._at = 0
        self._depth = 0
        self._in_string = False

    def feed(self, data: bytes) -> list[bytes]:
        """The objects that are whole with `data`; raises `UpstreamBroken` for anything else."""
        self._rest += data
        objects: list[bytes] = []
        while (end := self._object_end()) is not None:
            objects.append(bytes(self._rest[:end]).translate(_LINE_ENDS))
            del self._rest[:end]
            self._at = 0
        if len(self._rest) > self._limit:
            raise UpstreamBroken("the backend sent an object that is too large")
        return objects

    def _object_end(self) -> int | None:
        """Where the object at the beginning ends; None where that has not come yet."""
        if self._depth == 0:
            match = _BETWEEN.match(self._rest)
            del self._rest[: match.end() if match else 0]
            if self._rest and not self._rest.startswith(b"{"):
                raise UpstreamBroken("the backend's answer is not made of JSON objects")
        while match := (_IN_STRING if self._in_string else _TOKEN).search(self._rest, self._at):
            token = match[0]
            if token == b"\\":
                if match.end() == len(self._rest):  # what it escapes is still to come
                    self._at = match.start()
                    return None
                self._at = match.end() + 1
                continue
            self._at = match.end()
            if token == b'"':
                self._in_string = not self._in_string
            elif token == b"{":
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 0:
                    return self._at
        self._at = len(self._rest)
        return None

    def close(self) -> bytes:
        """What is left of an object that did not end, or nothing."""
        rest, self._rest = bytes(self._rest), bytearray()
        return rest.strip()
