"""What numbers do from round to round."""

from typing import Literal

import pytest

from llm_proxy.stages.loop_detection.changes import numbers_count, numbers_stay
from llm_proxy.stages.loop_detection.folding import fold

Change = Literal["same", "counting", "varying"]


def change_in(text: bytes, piece: bytes) -> Change:
    if numbers_stay(text, piece):
        return "same"
    return "counting" if numbers_count(text, piece) else "varying"


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        (["go on. "] * 5, "same"),
        (["step 7. "] * 5, "same"),
        (["id 00010203-0405-0607 of h[65:69], [128:132]. "] * 5, "same"),
        ([f"step {n}. " for n in range(5)], "counting"),
        ([f"step {n} of 90, page {5 * n}. " for n in range(5)], "counting"),
        ([f"{90 - n} left. " for n in range(5)], "counting"),
        ([f"on 2024-05-{n:02} it is so. " for n in (1, 2, 7, 30)], "counting"),
        ([f"at 12:0{n}:5{n * n % 7} it is so. " for n in range(5)], "counting"),
        ([f"it was {n} degrees. " for n in (20, 23, 19, 21)], "varying"),
        ([f"page {n}, {n * n % 7} words. " for n in range(5)], "varying"),
        ([f"id {10**30 + n} is there. " for n in range(5)], "counting"),
    ],
)
def test_changes(rounds: list[str], expected: Change) -> None:
    text = "".join(rounds).encode()
    assert expected == change_in(text, fold(rounds[0].encode()))


def test_a_date_that_the_round_is_cut_in() -> None:
    text = "".join(f"on 2024-05-{n:02} it is so. " for n in (1, 2, 7, 30)).encode()
    assert change_in(text + b"on 2024", b"-0-0 it is so. on 0") == "counting"


def test_numbers_that_are_not_in_each_round_neither_stay_nor_count() -> None:
    text = b"and 7 so on, and so on, and 8 so on, and so on, "
    assert not numbers_stay(text, b"and so on, ")
    assert not numbers_count(text, b"and so on, ")
    assert numbers_stay(b"1111", b"1")
