"""The blocks of a streamed message: which is open, and what number the next one has."""

from collections.abc import Mapping
from typing import Any

import orjson


def sse(kind: str, fields: Mapping[str, Any]) -> bytes:
    """A frame of this dialect, whose name is its type once more."""
    data = orjson.dumps({"type": kind, **fields})
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


class OwnBlocks:
    """Writes blocks, and keeps count of those that are relayed in between.

    `kind` is that of the open block, empty where none is open. `theirs` is the number that the
    vendor gave it, None where it is ours. As soon as a block is ours, or one of the vendor's was
    closed by us, `are_mixed`: then the vendor's numbers are no longer the client's. `begun` are the
    numbers of all blocks that the vendor has begun.
    """

    def __init__(self) -> None:
        self.kind = ""
        self.theirs: int | None = None
        self.are_mixed = False
        self.begun: set[int] = set()
        self._index = 0
        self._next = 0

    @property
    def index(self) -> int:
        """The number of the open block as the client knows it."""
        return self._index

    def needs(self, kind: str, content: Mapping[str, Any]) -> bytes:
        """Makes sure that a block of this kind is open."""
        return b"" if self.kind == kind else self.open(kind, content)

    def open(self, kind: str, content: Mapping[str, Any]) -> bytes:
        """A new block behind whatever is open."""
        closed = self.close()
        self.are_mixed = True
        self._enter(kind, None, self._next)
        block = {"index": self._index, "content_block": {"type": kind, **content}}
        return closed + sse("content_block_start", block)

    def delta(self, kind: str, name: str, value: str) -> bytes:
        """A piece of the open block."""
        delta = {"type": kind, name: value}
        return sse("content_block_delta", {"index": self._index, "delta": delta})

    def close(self) -> bytes:
        """The end of the open block, if one is open."""
        if not self.kind:
            return b""
        self.are_mixed = True
        self.leave()
        return sse("content_block_stop", {"index": self._index})

    def enter_theirs(self, kind: str, number: int) -> None:
        """A block of the vendor's opens."""
        self.begun.add(number)
        self._enter(kind, number, self._next if self.are_mixed else number)

    def leave(self) -> None:
        """The open block has ended."""
        self.kind, self.theirs = "", None

    def _enter(self, kind: str, theirs: int | None, index: int) -> None:
        self.kind, self.theirs, self._index = kind, theirs, index
        self._next = max(self._next, index + 1)
