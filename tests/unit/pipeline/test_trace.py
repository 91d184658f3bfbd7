"""The record of one request."""

import pytest

from llm_proxy.pipeline.trace import Target, Trace


def test_a_target_is_written_as_in_a_request() -> None:
    assert "openrouter:openai/gpt-4:free" == str(Target("openrouter", "openai/gpt-4:free"))


@pytest.mark.parametrize(
    ("stages", "own"),
    [
        ([], []),
        ([("a", 1.0)], [("a", 1.0)]),
        ([("c", 1.0), ("b", 2.0), ("a", 4.0)], [("a", 4.0), ("b", 2.0), ("c", 1.0)]),
        ([("b", 1.0), ("b", 2.0), ("a", 4.0)], [("a", 4.0), ("b", 3.0)]),
        ([("b", 1.0), ("c", 8.0), ("b", 2.0), ("a", 4.0)], [("a", 4.0), ("b", 3.0), ("c", 8.0)]),
    ],
    ids=["nothing", "one", "three", "called twice", "called on only the second time"],
)
def test_own_seconds_are_summed_in_the_order_of_the_chain(
    stages: list[tuple[str, float]], own: list[tuple[str, float]]
) -> None:
    assert own == list(Trace(stages).own_seconds().items())
