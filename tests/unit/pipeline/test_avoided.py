"""Where an exchange is not to be sent again."""

from llm_proxy.pipeline.avoided import AVOIDED
from llm_proxy.pipeline.trace import Target
from tests.support.stages import asking


def test_nothing_is_avoided_unless_a_stage_says_so() -> None:
    exchange = asking()
    assert exchange.fact(AVOIDED) is None
    avoided = frozenset({Target("b", "m")})
    assert exchange.knowing(AVOIDED, avoided).fact(AVOIDED) == avoided
