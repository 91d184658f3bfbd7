"""How long a repetition must have lasted to be a loop."""

from string import ascii_letters
from typing import Literal

from llm_proxy.pipeline.record import record

Kind = Literal["words", "mixed", "data", "rule", "blank"]

_LETTERS = ascii_letters.encode() + bytes(range(0x80, 0x100))
_DIGITS = b"0123456789"
_WORDS = _LETTERS + b" .,'"
_CODE = b'_(){}[]=<>;/\\"@$&'

_SHORTEST_WORD = 4
_SHORTEST_FOREIGN_WORD = 12
"""In bytes; a letter has two or three where it is not Latin."""

_HARDLY = 0.03
_A_THIRD = 1 / 3
_HALF = 0.6
_MOSTLY = 0.88

_COUNTING = 1.1
_COUNTING_SHORT = 6.0
_SHORT_ROUND = 100
"""How much longer where a number changes, and where rounds are so short that it may be a list."""

_LONG_ROUND = 200
"""From so many characters on, it is less and less likely that a piece is repeated for a reason."""


@record
class Factors:
    """How many times more rounds, and how many times longer, than words in plain text; and both
    where repetition is common."""

    rounds: float
    length: float
    careful: float = 2.0


_FACTORS: dict[Kind, Factors] = {
    "words": Factors(1, 1, careful=1.5),
    "mixed": Factors(1.6, 3.5, careful=3),
    "data": Factors(4, 12),
    "rule": Factors(4, 10),
    "blank": Factors(1, 5),
}


@record
class Thresholds:
    """For words in plain text: rounds, and characters for where rounds are short."""

    rounds: float = 3.5
    length: int = 320

    def needed(self, piece: bytes, *, careful: bool, counting: bool = False) -> float:
        """Bytes that rounds of `piece` must have lasted: `careful` in code and in the arguments of
        tools, `counting` where a number changes from round to round."""
        factors = _FACTORS[kind_of(piece)]
        caution = factors.careful if careful else 1.0
        more_rounds = 1 + (factors.rounds * caution - 1) * min(1.0, _LONG_ROUND / len(piece))
        needed = max(self.rounds * more_rounds * len(piece), self.length * factors.length * caution)
        if not counting:
            return needed
        if len(piece) < _SHORT_ROUND:
            needed = max(needed, self.length * _COUNTING_SHORT)
        return _COUNTING * needed


def kind_of(piece: bytes) -> Kind:
    """What is repeated: words, words among signs (code), data, nothing but signs, or blanks."""
    if not piece.strip():
        return "blank"
    if not _share(piece, _LETTERS + _DIGITS):
        return "rule"
    words = _share(piece, _WORDS)
    if words < _HALF or _share(piece, _LETTERS) < _A_THIRD or not _has_words(piece):
        return "data"
    return "words" if words >= _MOSTLY and _share(piece, _CODE) <= _HARDLY else "mixed"


def is_plain_language(piece: bytes) -> bool:
    """Whether it is plain language, in which a counter is no row of a table."""
    return kind_of(piece) == "words" and b"|" not in piece


def _has_words(piece: bytes) -> bool:
    """Whether there is something to be told apart; some languages have no spaces."""
    if piece.isascii():
        return b" " in piece and len(piece) >= _SHORTEST_WORD
    return len(piece) >= _SHORTEST_FOREIGN_WORD


def _share(piece: bytes, of: bytes) -> float:
    return 1 - len(piece.translate(None, of)) / len(piece)
