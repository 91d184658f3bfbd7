"""A failover stage with a route of three targets, over a scripted rest of the chain."""

from typing import Any

from llm_proxy.pipeline.errors import UpstreamUnavailable
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.failover import Failover
from tests.support.stages import Answer, Run

TARGETS = [Target("x", "a"), Target("y", "b"), Target("z", "c")]
ROUTE = {"attempts": [{"backend": target.backend, "model": target.model} for target in TARGETS]}
DOWN = UpstreamUnavailable("down")


def routed(*answers: Answer, **options: Any) -> Run:
    return Run(Failover, {"routes": {"m": ROUTE}, **options}, answers)


def tried(run: Run) -> list[Target | None]:
    return [exchange.target for exchange in run.seen]
