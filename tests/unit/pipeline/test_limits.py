"""What is left of what a caller may ask for."""

from llm_proxy.pipeline.limits import LIMITS, Limit
from tests.support.stages import asking


def test_a_stage_adds_its_limit_to_those_before() -> None:
    exchange = asking()
    assert exchange.fact(LIMITS) is None
    requests, tokens = Limit("requests", 60, 59, 60.0), Limit("tokens", 1000, 0, 0.5)
    first = exchange.knowing(LIMITS, (requests,))
    second = first.knowing(LIMITS, (*(first.fact(LIMITS) or ()), tokens))
    assert first.fact(LIMITS) == (requests,)
    assert second.fact(LIMITS) == (requests, tokens)
