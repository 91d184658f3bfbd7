"""Numbers and white space do not count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.stages.loop_detection.folding import compared, fold, size_compared, without_run


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"Step 12: go\n", b"Step:go"),
        (b"2024-05-01 12:30", b"--:"),
        ("schön 7".encode(), "schön".encode()),
        (b"12 34\n", b"12 34\n"),
        (b" ", b" "),
    ],
)
def test_what_is_compared(text: bytes, expected: bytes) -> None:
    assert expected == compared(text)


@given(st.text(st.sampled_from("ab12 \n")), st.text(st.sampled_from("ab12 \n")))
def test_where_a_text_is_cut_does_not_matter_to_what_is_compared(one: str, other: str) -> None:
    before, behind = one.encode() + b"x", b"y" + other.encode()
    assert compared(before + behind) == compared(before) + compared(behind)
    assert size_compared(before + behind) == len(compared(before)) + len(compared(behind))


def test_a_run_at_the_end_is_left_out() -> None:
    assert without_run(b"now 12 x 34\n") == b"now 12 x"
