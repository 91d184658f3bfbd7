"""What the numbers of a repeated piece do from round to round."""

import re
from itertools import pairwise
from typing import Literal

Change = Literal["same", "counting", "varying"]
"""`counting`: each stays, or grows or falls by the same step, or is a date or a time of day.
Numbers that vary are data, and what is around them is its form."""

_NUMBER = re.compile(rb"[0-9]{1,4}[-/:][0-9]{1,2}(?:[-/:.][0-9]+)*|[0-9]+")
_LONGEST = 15


def change_in(text: bytes, piece: bytes) -> Change:
    """What the numbers at the end of `text` do, which ends in rounds of the folded `piece`."""
    a_round = len(_NUMBER.findall(piece * 2)) - len(_NUMBER.findall(piece))
    numbers = _NUMBER.findall(text)[:-1]  # the last may not be whole
    rounds = len(numbers) // a_round if a_round else 0
    changes = {_change(numbers[-a_round * rounds :][slot::a_round]) for slot in range(a_round)}
    if "varying" in changes:
        return "varying"
    return "counting" if "counting" in changes else "same"


def _change(numbers: list[bytes]) -> Change:
    """What one of them does over the rounds."""
    if len(set(numbers)) <= 1:
        return "same"
    if not all(number.isdigit() for number in numbers):
        return "counting"
    values = [int(number[-_LONGEST:]) for number in numbers]
    steps = {after - before for before, after in pairwise(values)}
    return "counting" if len(steps) == 1 else "varying"
