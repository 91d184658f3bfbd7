"""The rounds of a repetition at the end of a text, as they came."""

from math import ceil

from llm_proxy.stages.loop_detection.folding import fold, size_compared, without_run
from llm_proxy.stages.loop_detection.tail import Tail


class Rounds:
    """What is repeated at the end of `raw`, of which `tail` has compared a part.

    `piece` is one round in short, `scale` the bytes of it for each that is compared, `characters`
    how many a round has.
    """

    __slots__ = ("_is_run", "_raw", "_tail", "characters", "piece", "scale")

    def __init__(self, raw: bytearray, tail: Tail) -> None:
        self._raw = raw
        self._tail = tail
        self._is_run = not without_run(tail.round)
        period = tail.period
        last = self._end(2 * period)
        last = last[: len(last) - len(self._end(period))] or last
        self.piece = last if self._is_run else fold(last)
        self.scale = len(self.piece) / period
        self.characters = len(_text(last))

    def last(self, rounds: int) -> bytes:
        """The last so many, but for a number at the end, which may not be whole."""
        return self._whole(self._end(rounds * self._tail.period))

    @property
    def all(self) -> bytes:
        """All rounds that are still known, but for a number at the end."""
        return self._whole(self._end(self._tail.lasted))

    @property
    def length(self) -> int:
        """How many characters all rounds have had."""
        raw, lasted, period = bytes(self._raw), self._tail.lasted, self._tail.period
        forgotten = max(0, ceil((lasted - self._size(raw)) / period))
        known = self._end(lasted - forgotten * period)
        length = len(_text(known)) + forgotten * self.characters
        if forgotten or self._is_run:
            return length
        # Each round may begin with a number or white space, also the first.
        before = raw[: len(raw) - len(known)]
        run = before[len(without_run(before)) :]
        first = known[: len(known) - len(self._end(lasted - period))]
        return length + len(run) * fold(first).endswith(fold(run))

    def _whole(self, text: bytes) -> bytes:
        return text if self._is_run else without_run(text)

    def _end(self, size: int) -> bytes:
        """The end of the text of which so many bytes are compared."""
        raw = bytes(self._raw)
        length = size
        while length < len(raw) and (lacking := size - self._size(raw[-length:])) > 0:
            length += lacking
        return raw[-length:]

    def _size(self, text: bytes) -> int:
        """How much of a text is compared."""
        return len(text) if self._is_run else size_compared(text)


def _text(piece: bytes) -> str:
    return piece.decode("utf-8", "ignore")
