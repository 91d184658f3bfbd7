"""The rounds of a repetition, as they came."""

import pytest

from llm_proxy.stages.loop_detection.folding import compared
from llm_proxy.stages.loop_detection.rounds import Rounds
from llm_proxy.stages.loop_detection.tail import Tail


def rounds_of(text: str) -> Rounds:
    raw, tail = bytearray(text.encode()), Tail()
    tail.grow(compared(bytes(raw)))
    assert tail.period
    return Rounds(raw, tail)


@pytest.mark.parametrize(
    ("text", "piece", "characters"),
    [
        ("now again, " * 20, b"now again, ", 11),
        ("".join(f"Step {n}: go\n" for n in range(10, 40)), b"Step 0: go ", 12),
        ("да, и ещё раз. " * 20, "да, и ещё раз. ".encode(), 15),
        ("0.25,\n  " * 40, b".0, 0", 8),
        ("-" * 99, b"-", 1),
        ("\n" * 99, b"\n", 1),
        ("1 2 " * 40, b"1 2 ", 4),
    ],
)
def test_one_round(text: str, piece: bytes, characters: int) -> None:
    rounds = rounds_of(text)
    assert (rounds.piece, rounds.characters) == (piece, characters)
    assert rounds.scale == len(piece) / len(compared(piece))


def test_two_rounds_and_all() -> None:
    rounds = rounds_of("Before it: 7\n\n" + "Step 12, 3 " * 30)
    assert rounds.last(2) == b"Step 12, 3 Step 12,"
    assert rounds.all == b"Step 12, 3 " * 29 + b"Step 12,"


@pytest.mark.parametrize(
    ("before", "round_", "rounds"),
    [
        ("", "now again, ", 20),
        ("Now.", " And so on,", 20),
        ("It is (5)", "7 times I said so. ", 20),
        ("It is:", "\n\n12. And so on.", 20),
        ("", "1", 99),
    ],
)
def test_how_long_they_are(before: str, round_: str, rounds: int) -> None:
    assert rounds_of(before + round_ * rounds).length == len(round_) * rounds


def test_those_that_are_no_longer_known_count() -> None:
    tail, raw = Tail(), bytearray()
    for _ in range(500):
        tail.grow(compared(b"now again, " * 4))
        raw = (raw + b"now again, " * 4)[-8192:]
    assert Rounds(raw, tail).length == 500 * 4 * 11
