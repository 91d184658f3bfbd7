"""Numbers and white space do not count."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.stages.loop_detection.folding import Folded, fold


def fed(*pieces: bytes) -> bytes:
    folded = Folded()
    return b"".join(folded.feed(piece) for piece in pieces)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", b""),
        (b"Step 12: go", b"Step 0: go"),
        (b"a\r\n\t  b", b"a b"),
        (b"2024-05-01 12:30", b"0-0-0 0:0"),
        (b"x0y", b"x0y"),
        ("schön 7".encode(), "schön 0".encode()),
    ],
)
def test_folding(text: bytes, expected: bytes) -> None:
    assert expected == fold(text)


@given(st.lists(st.sampled_from([b"a", b"12", b" ", b"\n", b"b7"]), max_size=60), st.data())
def test_where_pieces_are_cut_does_not_matter_to_runs_that_end(
    parts: list[bytes], data: st.DataObject
) -> None:
    text = b"x" + b"y".join(parts) + b"z"
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text)))) | {0, len(text)})
    pieces = [text[start:end] for start, end in pairwise(cuts)]
    assert fold(text) == fed(*pieces) or any(not piece.strip(b"0123456789 \n") for piece in pieces)


def test_a_run_at_the_end_waits() -> None:
    folded = Folded()
    assert folded.feed(b"now 12") == b"now"
    assert folded.held == b" 12"
    assert folded.feed(b"34 x") == b" 0 x"
    assert folded.held == b""


def test_a_piece_without_words_stays_as_it_is() -> None:
    assert fed(b"12 34\n", b"56  78") == b"12 34\n56  78"
    assert fed(b"a 12", b" 34 ", b"b") == b"a 12 34 b"
