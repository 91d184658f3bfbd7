"""What the numbers of a repeated piece do from round to round."""

import re
from collections.abc import Sequence
from itertools import pairwise

_DIGITS = re.compile(rb"[0-9]+")
_NUMBER = re.compile(rb"[0-9]{1,4}[-/:][0-9]{1,2}(?:[-/:.][0-9]+)*|[0-9]+")
_LONGEST = 15


def numbers_stay(text: bytes, piece: bytes) -> bool:
    """Whether all numbers are the same in each round; `text` ends in rounds of the folded `piece`.

    Numbers that do neither this nor count are data, and what is around them is its form.
    """
    a_round = _in_a_round(_DIGITS, piece)
    found = _DIGITS.findall(text)
    if not a_round:
        return len(found) <= 1  # which is all there is: 1111
    numbers = _of_whole_rounds(found, a_round)
    return numbers[a_round:] == numbers[: len(numbers) - a_round]


def numbers_count(text: bytes, piece: bytes) -> bool:
    """Whether each number stays, or grows or falls by the same step, or is a date or a time."""
    a_round = _in_a_round(_NUMBER, piece)
    found = _NUMBER.findall(text)[:-1]  # a date at the end may not be whole
    numbers = _of_whole_rounds(found, a_round)
    return a_round > 0 and all(_counts(numbers[slot::a_round]) for slot in range(a_round))


def _in_a_round(number: re.Pattern[bytes], piece: bytes) -> int:
    """How many there are, also where the round is cut inside one."""
    return len(number.findall(piece * 2)) - len(number.findall(piece))


def _of_whole_rounds(numbers: Sequence[bytes], a_round: int) -> Sequence[bytes]:
    return numbers[len(numbers) % a_round :] if a_round else ()


def _counts(numbers: Sequence[bytes]) -> bool:
    if len(set(numbers)) <= 1 or not b"".join(numbers).isdigit():
        return True
    values = [int(number[-_LONGEST:]) for number in numbers]
    return len({after - before for before, after in pairwise(values)}) == 1
