"""What of a stream's text has to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.stages.transform.held_back import held_back


@pytest.mark.parametrize(
    ("text", "markers", "expected"),
    [
        ("", ["<think>"], 0),
        ("abc", [], 0),
        ("abc", ["<think>"], 0),
        ("abc<", ["<think>"], 1),
        ("abc<think", ["<think>"], 6),
        ("<think", ["<think>"], 6),
        ("abc<think>", ["<think>"], 0),
        ("a<b<", ["<think>"], 1),
        ("aa", ["aa"], 1),
        ("abab", ["abac"], 2),
        ("xab", ["abc", "b!", "xabcd"], 3),
        ("x", ["x"], 0),
    ],
)
def test_the_longest_end_that_may_begin_a_marker_waits(
    text: str, markers: list[str], expected: int
) -> None:
    assert expected == held_back(text, markers)


@given(st.text("ab", max_size=12), st.lists(st.text("ab", min_size=1, max_size=5), max_size=4))
def test_it_is_the_longest_of_all_beginnings(text: str, markers: list[str]) -> None:
    beginnings = {marker[:n] for marker in markers for n in range(len(marker))}
    expected = max((len(begun) for begun in beginnings if text.endswith(begun)), default=0)
    assert expected == held_back(text, markers)
