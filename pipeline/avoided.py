"""Where an exchange is not to be sent again."""

from llm_proxy.pipeline.exchange import Fact
from llm_proxy.pipeline.trace import Target

AVOIDED: Fact[frozenset[Target]] = Fact("avoided")
"""Targets, without their keys, whose answer to this very request was not good enough."""
