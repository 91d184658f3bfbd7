"""Finds out when a growing text goes round in circles."""

from bisect import bisect_left
from collections.abc import Callable
from math import ceil

from llm_proxy.pipeline.record import record
from llm_proxy.stages.loop_detection.changes import numbers_count, numbers_stay
from llm_proxy.stages.loop_detection.folding import fold, fold_begun
from llm_proxy.stages.loop_detection.tail import WINDOW, Tail
from llm_proxy.stages.loop_detection.thresholds import Thresholds, is_plain_language

_STRIDE = 256
_SHORT_STRIDE = 32
_SLACK = 1024
_FENCE = b"```"

_LATER, _PARDON = 2.0, 8.0
"""By how much a repetition must grow until it is looked at again, and one with a reason."""


@record
class Loop:
    """Where in the text a loop begins, how long a round is, and where it was recognised, in
    characters; the first two are exact where the loop is within the window and its rounds equal.
    """

    begins: int
    period: int
    found: int

    @property
    def first_round(self) -> int:
        """Where its first round ends."""
        return min(self.begins + self.period, self.found)


def _never(_rounds: str) -> bool:
    return False


class Repeats:
    """Watches one text that comes in pieces, which may be cut anywhere: it is looked at every 256
    characters, and where a repetition is about to last too long, just then.

    `careful` is for texts where repetition is common, and asks for more of it. `may_repeat` tells
    of two rounds whether there is a reason for them, such as that they were quoted.
    """

    __slots__ = (
        "_careful",
        "_due",
        "_held",
        "_in_fence",
        "_may_repeat",
        "_missing",
        "_needed",
        "_raw",
        "_tail",
        "_thresholds",
        "_waiting",
    )

    def __init__(
        self,
        thresholds: Thresholds,
        *,
        careful: bool = False,
        may_repeat: Callable[[str], bool] = _never,
    ) -> None:
        self._thresholds = thresholds
        self._careful = careful
        self._may_repeat = may_repeat
        self._waiting: list[str] = []
        self._missing = self._due = _STRIDE
        self._raw = bytearray()
        self._held = b""
        self._tail = Tail()
        self._in_fence = False
        self._needed = 0.0

    @property
    def fed(self) -> int:
        """How many characters have come."""
        return self._due - self._missing

    def feed(self, text: str) -> Loop | None:
        """Add a piece; the loop, once there is one. Nothing is to be added after it."""
        self._waiting.append(text)
        self._missing -= len(text)
        return None if self._missing > 0 else self._catch_up()

    def _catch_up(self) -> Loop | None:
        """Look at what has come, up to each place where that is due."""
        text = "".join(self._waiting)
        start = 0
        while self._missing <= 0:
            end = len(text) + self._missing
            if self._is_loop_with(text[start:end]):
                return self._loop()
            start = end
            stride = self._stride()
            self._due += stride
            self._missing += stride
        self._waiting = [text[start:]]
        return None

    def _stride(self) -> int:
        """After how many characters to look again."""
        if not self._tail.period:
            return _STRIDE
        lacking = max(self._needed, self._thresholds.length) - self._tail.lasted
        return ceil(min(max(lacking, _SHORT_STRIDE), _STRIDE))

    def _is_loop_with(self, text: str) -> bool:
        """Whether the next piece makes it a loop."""
        encoded = text.encode("utf-8", "surrogatepass")
        self._raw += encoded
        if len(self._raw) > WINDOW + _SLACK:
            del self._raw[:-WINDOW]
        folded, self._held = fold_begun(self._held + encoded)
        tail = self._tail
        tail.grow(folded)
        new = len(folded) + len(_FENCE) - 1
        self._in_fence ^= tail.text.count(_FENCE, max(0, len(tail.text) - new)) % 2 == 1
        if tail.is_new:
            self._needed = 0.0
        if not tail.period or tail.lasted < max(self._needed, self._thresholds.length):
            return False
        self._needed = self._needed or self._least(tail.round)
        return tail.lasted >= self._needed and self._is_loop()

    def _least(self, piece: bytes, *, counting: bool = False) -> float:
        careful = self._careful or (self._in_fence and _FENCE not in piece)
        return self._thresholds.needed(piece, careful=careful, counting=counting)

    def _is_loop(self) -> bool:
        """Look closely; what is no loop yet is looked at again when it is longer."""
        lasted, piece = self._tail.lasted, self._tail.round
        if not numbers_stay(self._known, piece):
            if not (is_plain_language(piece) and numbers_count(self._known, piece)):
                self._needed = _LATER * lasted
                return False
            self._needed = self._least(piece, counting=True)
            if lasted < self._needed:
                return False
        two = self._raw_of(2 * len(piece)).decode("utf-8", "ignore")
        if self._may_repeat(two):
            self._needed = _PARDON * lasted
            return False
        return True

    @property
    def _known(self) -> bytes:
        """The last of the text, as far as it has been folded."""
        return bytes(self._raw[: len(self._raw) - len(self._held)])

    def _raw_of(self, size: int) -> bytes:
        """The end of the text that becomes so many bytes where it is folded."""
        known = self._known
        length = bisect_left(
            range(len(known)), size, key=lambda n: len(fold(known[len(known) - n :]))
        )
        return known[len(known) - length :]

    def _loop(self) -> Loop:
        period = self._tail.period
        found = self._due - len(self._held)
        a_round = len(self._raw_of(period).decode("utf-8", "ignore"))
        within = min(self._tail.lasted, len(self._tail.text))
        lasted = len(self._raw_of(within).decode("utf-8", "ignore"))
        lasted += round((self._tail.lasted - within) / period * a_round)
        return Loop(max(0, found - lasted), a_round, self._due)
