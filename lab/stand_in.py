"""A plan as the lab runs it: the scripted vendor for every backend, nobody kept out, no long wait.

All else is as the file has it.
"""

from collections.abc import Callable
from dataclasses import replace

from pydantic import SecretStr

from llm_proxy.backends.openai import OpenAI, OpenAIOptions
from llm_proxy.backends.options import VendorOptions
from llm_proxy.lab.shortened import shortened
from llm_proxy.pipeline.config import Config
from llm_proxy.pipeline.plan import BackendPlan, PipelinePlan, Plan, StagePlan
from llm_proxy.pipeline.stage import Gate
from llm_proxy.stages.failover import Failover
from llm_proxy.stages.rate_limit import RateLimit

LONGEST_WAIT = 0.3
LONGEST_TOTAL = 2.0
LONGEST_REQUEST = 3.0
"""Seconds, at most: every time limit of `failover`, its limit for all attempts together, and the
server's for a whole request."""

_KEY = "no-vendor-has-this-key"


def with_stand_ins(plan: Plan, address: Callable[[str], str]) -> Plan:
    """The plan with each backend at the `address` of its name, and switched on.

    A backend that is reached over HTTP keeps its class and options; any other becomes one that
    speaks OpenAI's dialect.
    """
    return replace(
        plan,
        config=_in_time(plan.config),
        backends=tuple(_stand_in(backend, address(backend.name)) for backend in plan.backends),
        own_backends={},
        pipelines=tuple(_open_to_all(pipeline) for pipeline in plan.pipelines),
    )


def left_out(plan: Plan) -> list[str]:
    """The names of the stages that the lab does without."""
    stages = [stage for pipeline in plan.pipelines for stage in pipeline.stages]
    return list(dict.fromkeys(stage.name for stage in stages if _keeps_out(stage)))


def _in_time(config: Config) -> Config:
    limit = min(config.server.request_timeout, LONGEST_REQUEST)
    server = config.server.model_copy(update={"request_timeout": limit})
    return replace(config, server=server)


def _stand_in(backend: BackendPlan, url: str) -> BackendPlan:
    if isinstance(backend.options, VendorOptions):
        keys = _keys(len(backend.options.keys))
        options = backend.options.model_copy(update={"api_url": url, "api_key": keys})
        return replace(backend, options=options, off=None)
    return BackendPlan(backend.name, OpenAI, OpenAIOptions(api_url=url, api_key=_keys(1)), off=None)


def _keys(count: int) -> tuple[SecretStr, ...]:
    """As many as the file has, for each is tried."""
    return tuple(SecretStr(f"{_KEY}-{number}") for number in range(max(1, count)))


def _open_to_all(pipeline: PipelinePlan) -> PipelinePlan:
    kept = (stage for stage in pipeline.stages if not _keeps_out(stage))
    return replace(pipeline, stages=tuple(_impatient(stage) for stage in kept))


def _keeps_out(stage: StagePlan) -> bool:
    return issubclass(stage.stage, Gate | RateLimit)


def _impatient(stage: StagePlan) -> StagePlan:
    if not issubclass(stage.stage, Failover):
        return stage
    return replace(stage, options=shortened(stage.options, LONGEST_WAIT, LONGEST_TOTAL))
