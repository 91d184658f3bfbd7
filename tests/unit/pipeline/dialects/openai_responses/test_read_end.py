from typing import Any

import pytest

from llm_proxy.pipeline.dialects.openai_responses.read_end import (
    count,
    failure_in,
    read_start,
    read_usage,
)
from llm_proxy.pipeline.events import Frame, Usage

FRAME = Frame(b"", 1, "x")


@pytest.mark.parametrize(
    ("created", "expected"), [(5, 5), (5.5, 5), (None, 0), ("5", 0), (-1, 0), (1e300, 0)]
)
def test_the_time(created: Any, expected: int) -> None:
    assert expected == read_start({"created_at": created}, FRAME).created


def test_counts_that_are_none() -> None:
    assert [0, 0, 0, 3] == [count({"n": n}, "n") for n in (-1, "1", 2**60, 3)]
    assert [] == read_usage({"usage": None}, FRAME)
    assert [Usage(1, 0, frame=FRAME)] == read_usage({"usage": {"input_tokens": 1}}, FRAME)


def test_an_answer_that_did_not_fail() -> None:
    assert failure_in({"error": None, "status": "completed"}) is None
