"""What the numbers of a repeated piece do from round to round."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

Change = Literal["same", "counting", "varying"]
"""`counting`: each stays, or grows or falls by the same step, or is a date or a time of day.
Numbers that vary are data, and what is around them is its form."""

_DIGITS = re.compile(rb"[0-9]+")
_NUMBER = re.compile(rb"[0-9]{1,4}[-/:][0-9]{1,2}(?:[-/:.][0-9]+)*|[0-9]+")
_LONGEST = 15


def change_in(text: bytes, piece: bytes) -> Change:
    """What the numbers at the end of `text` do, which ends in rounds of the folded `piece`."""
    if all(_is_same(slot) for slot in _slots(_DIGITS, text, piece)):
        return "same"
    # The last date may not be whole, and the round may be cut inside one.
    slots = _slots(_NUMBER, text, piece, whole=False)
    return "counting" if all(_is_same(slot) or _counts(slot) for slot in slots) else "varying"


def _slots(
    number: re.Pattern[bytes], text: bytes, piece: bytes, *, whole: bool = True
) -> Sequence[Sequence[bytes]]:
    """For each number of a round what it is in the rounds, as far back as there are whole ones."""
    a_round = len(number.findall(piece * 2)) - len(number.findall(piece))
    found = number.findall(text)
    numbers = found if whole else found[:-1]
    rounds = len(numbers) // a_round if a_round else 0
    latest = numbers[len(numbers) - rounds * a_round :]
    return [latest[slot::a_round] for slot in range(a_round)]


def _is_same(numbers: Sequence[bytes]) -> bool:
    return len(set(numbers)) <= 1


def _counts(numbers: Sequence[bytes]) -> bool:
    """Whether it is a date, or always the same step."""
    if not all(number.isdigit() for number in numbers):
        return True
    values = [int(number[-_LONGEST:]) for number in numbers]
    return len({after - before for before, after in pairwise(values)}) == 1
