"""Limits in this process's memory."""

from llm_proxy.pipeline.state.buckets import Buckets
from llm_proxy.pipeline.state.charges import Charge


async def test_over_the_bound_the_least_recently_used_is_forgotten() -> None:
    buckets = Buckets(2)
    for key in ("a", "b", "a", "c"):
        buckets.take([Charge(key, 2, 60)], None)
    assert {("a", 2, 60), ("c", 2, 60)} == set(buckets._limits)
    (standing,) = buckets.take([Charge("a", 2, 60)], None)
    assert standing.wait > 0
    (standing,) = buckets.take([Charge("b", 2, 60)], None)
    assert 1 == standing.left
