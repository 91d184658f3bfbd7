"""Finds out when a growing text goes round in circles."""

from collections.abc import Callable
from math import ceil

from llm_proxy.pipeline.record import record
from llm_proxy.stages.loop_detection.changes import numbers_count, numbers_stay
from llm_proxy.stages.loop_detection.folding import compared
from llm_proxy.stages.loop_detection.rounds import Rounds
from llm_proxy.stages.loop_detection.tail import WINDOW, Tail
from llm_proxy.stages.loop_detection.thresholds import Thresholds, is_plain_language

_STRIDE = 256
_SHORT_STRIDE = 32
_SLACK = 256
_FENCE = b"```"

_SOME = 4
"""Rounds that show most numbers to be data."""

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
        "_in_fence",
        "_may_repeat",
        "_missing",
        "_needed",
        "_raw",
        "_rounds",
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
        self._tail = Tail()
        self._rounds: Rounds | None = None
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
            if rounds := self._looping(text[start:end]):
                return Loop(max(0, self._due - rounds.length), rounds.characters, self._due)
            start = end
            stride = self._stride(self._rounds) if self._rounds else _STRIDE
            self._due += stride
            self._missing += stride
        self._waiting = [text[start:]]
        return None

    def _stride(self, rounds: Rounds) -> int:
        """After how many characters to look at them again."""
        lacking = (self._needed - self._tail.lasted) * rounds.characters / self._tail.period
        return ceil(min(max(lacking, _SHORT_STRIDE), _STRIDE))

    def _looping(self, text: str) -> Rounds | None:
        """The rounds that the next piece makes a loop."""
        encoded = text.encode("utf-8", "surrogatepass")
        raw, tail = self._raw, self._tail
        raw += encoded
        if len(raw) > WINDOW + _SLACK:
            del raw[:-WINDOW]
        if _FENCE[0] in encoded:
            self._in_fence ^= raw.count(_FENCE, 1 - len(encoded) - len(_FENCE)) % 2 == 1
        tail.grow(compared(encoded))
        if not tail.period:
            self._rounds = None
            return None
        if self._rounds is None or tail.is_new:
            self._rounds = Rounds(raw, tail)
            self._needed = self._least(self._rounds)
        if tail.lasted >= self._needed and self._is_loop(self._rounds):
            return self._rounds
        return None

    def _least(self, rounds: Rounds, *, counting: bool = False) -> float:
        """The bytes compared that such rounds must have lasted."""
        piece = rounds.piece
        careful = self._careful or (self._in_fence and _FENCE not in piece)
        return self._thresholds.needed(piece, careful=careful, counting=counting) / rounds.scale

    def _is_loop(self, rounds: Rounds) -> bool:
        """Look closely; what is no loop yet is looked at again when it is longer."""
        if not self._numbers_are_of_a_loop(rounds):
            return False
        if self._may_repeat(rounds.last(2).decode("utf-8", "ignore")):
            self._needed = _PARDON * self._tail.lasted
            return False
        return True

    def _numbers_are_of_a_loop(self, rounds: Rounds) -> bool:
        """Whether they stay from round to round, or count for longer; those that vary are data."""
        lasted, piece = self._tail.lasted, rounds.piece
        if numbers_stay(rounds.last(_SOME), piece) and numbers_stay(rounds.all, piece):
            return True
        may_count = is_plain_language(piece)
        if may_count and lasted < (needed := self._least(rounds, counting=True)):
            self._needed = needed
            return False
        if may_count and numbers_count(rounds.all, piece):
            return True
        self._needed = _LATER * lasted
        return False
