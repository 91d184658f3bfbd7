from typing import Any

import pytest

from llm_proxy.pipeline.dialects.anthropic_messages.usage import Counts, written_usage
from llm_proxy.pipeline.events import Usage


def test_the_whole_input_is_counted_once() -> None:
    told = {
        "input_tokens": 10,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "output_tokens": 30,
        "output_tokens_details": {"thinking_tokens": 12},
    }
    (usage,) = Counts().read(told, None)
    assert Usage(130, 30, 100, 12, None, 20) == usage
    assert told == written_usage(usage)


def test_later_counts_stand_for_earlier_ones() -> None:
    counts = Counts()
    counts.read({"input_tokens": 10, "output_tokens": 1}, None)
    assert [Usage(10, 5)] == counts.read({"output_tokens": 5, "input_tokens": None}, None)
    assert [Usage(12, 5)] == counts.read({"input_tokens": 12}, None)


@pytest.mark.parametrize("usage", [None, {}, [], "x", 1])
def test_no_counts(usage: Any) -> None:
    assert [] == Counts().read(usage, None)


@pytest.mark.parametrize("count", [None, -1, "9", 2**60, 1.5, []])
def test_a_count_that_is_none(count: Any) -> None:
    assert [Usage(0, 0)] == Counts().read({"input_tokens": count}, None)


def test_zeros_where_nobody_has_counted() -> None:
    assert {0} == set(written_usage(None).values())
    assert 0 == written_usage(Usage(1, 0, 5))["input_tokens"]
