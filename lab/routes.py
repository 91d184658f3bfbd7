"""What a file lets a client ask for, and who may answer it."""

from collections.abc import Iterator

from llm_proxy.pipeline.plan import PipelinePlan, Plan
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.failover import FailoverOptions

ANY_MODEL = "any-model"
"""A name without a route, for the default backend."""


@record
class Route:
    """A model's name, asked for at `path`, and the targets it stands for, in order. `resumes`: one
    may go on where another broke."""

    path: str
    model: str
    targets: tuple[Target, ...]
    resumes: bool = False

    def __str__(self) -> str:
        targets = " → ".join(map(str, self.targets))
        return f'"{self.model}" at {self.path}: {targets}'

    def is_first(self, target: Target) -> bool:
        """Whether a fault at the first target meets this one. Stages may ask a backend for another
        model than the route names, so models count only where the route has several of one
        backend."""
        first = self.targets[0]
        if target.backend != first.backend:
            return False
        models = {other.model for other in self.targets if other.backend == first.backend}
        return len(models) == 1 or target.model == first.model.removeprefix("models/")


def routes_of(plan: Plan) -> list[Route]:
    """Every route of every chain that serves a path, asked for at the first of its paths; the
    default backend for a chain without a route."""
    default = plan.config.backends.default_backend
    any_model = {ANY_MODEL: (Target(default, ANY_MODEL),)}
    return [
        Route(pipeline.serves[0], model, targets, _resumes(pipeline))
        for pipeline in plan.pipelines
        if pipeline.serves
        for model, targets in (dict(_named(pipeline)) or any_model).items()
    ]


def _resumes(pipeline: PipelinePlan) -> bool:
    options = (stage.options for stage in pipeline.stages)
    return any(isinstance(one, FailoverOptions) and one.resume for one in options)


def _named(pipeline: PipelinePlan) -> Iterator[tuple[str, tuple[Target, ...]]]:
    for stage in pipeline.stages:
        if isinstance(stage.options, FailoverOptions):
            for model, route in stage.options.routes.items():
                yield model, tuple(Target(at.backend, at.model) for at in route.attempts)
