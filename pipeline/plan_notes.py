"""What the author of a file should know though it is no mistake."""

from collections.abc import Iterator, Mapping, Sequence

from llm_proxy.pipeline.config import Config
from llm_proxy.pipeline.plan import BackendPlan, PipelinePlan


def notes(
    config: Config, backends: Sequence[BackendPlan], pipelines: Sequence[PipelinePlan]
) -> Iterator[str]:
    """One sentence for each, in the order of the file."""
    yield from _of_backends(config, backends)
    for pipeline in pipelines:
        yield from _of_pipeline(pipeline)
        if not pipeline.serves and not config.tenants:  # whose keys may name it
            yield f'the chain "{pipeline.name}" serves no path'
    if config.tenants and config.state.address is None:
        yield "no key can be made for a tenant, as [state] is this process's memory"
    used = {stage for chain in config.pipelines.values() for stage in chain.stages}
    for name in config.stages:
        if name not in used:
            yield f"no chain has the stage of [stages.{name}]"


def tenant_notes(own: Mapping[str, Sequence[BackendPlan]]) -> Iterator[str]:
    """One sentence for each backend that a tenant cannot use though it was to bring a key."""
    for tenant, backends in own.items():
        for backend in backends:
            if backend.off:
                yield f'backend "{backend.name}" is off for the tenant "{tenant}": {backend.off}'


def _of_backends(config: Config, backends: Sequence[BackendPlan]) -> Iterator[str]:
    default = config.backends.default_backend
    for backend in backends:
        if backend.off:
            yield f'backend "{backend.name}" is off: {backend.off}'
    if any(backend.off and backend.name == default for backend in backends):
        yield f'the default backend "{default}" is off: a model without a prefix gets a 503'


def _of_pipeline(pipeline: PipelinePlan) -> Iterator[str]:
    provided = frozenset[str]().union(*(stage.stage.provides for stage in pipeline.stages))
    for stage in pipeline.stages:
        for name in sorted(stage.stage.requires - provided):
            yield f'in the chain "{pipeline.name}", "{stage.name}" does without a {name}'
    if not pipeline.is_guarded:
        yield f'the chain "{pipeline.name}" lets everybody in'
