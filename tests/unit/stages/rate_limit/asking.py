"""What tests of limits ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from unittest.mock import Mock

from llm_proxy.pipeline.exchange import Caller, Exchange
from llm_proxy.pipeline.stage import Kit
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.rate_limit.asked import Asked
from tests.support.clock import Clock
from tests.support.stages import asking

ROUTES: Mapping[str, Sequence[Target]] = {
    "best": (Target("openai", "gpt-5"), Target("gemini", "pro")),
    "only": (Target("openai", "gpt-5"),),
}
KIT = Kit(
    http=Mock(),
    store=MemoryStore(Clock()),
    off={"openai": "no key", "gemini": "no key"},
    named_models=ROUTES,
)


def asked(model: str, caller: Caller | None = None, target: Target | None = None) -> Asked:
    exchange: Exchange = replace(asking(model=model), caller=caller, target=target)
    return Asked(exchange, KIT)
