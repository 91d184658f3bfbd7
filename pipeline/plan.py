"""What is to be made from a file: its backends and its chains, checked and not yet opened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from llm_proxy.pipeline.backend import Backend, BackendOptions
from llm_proxy.pipeline.config import Config
from llm_proxy.pipeline.config_file import Place
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.stage import Gate, Stage, StageOptions
from llm_proxy.pipeline.tenants import grant_problems


@record
class StagePlan:
    """A stage to be made, under the name it has in the file. `whence` says where the file names it
    and who brings it, for what goes wrong later."""

    name: str
    stage: type[Stage[Any]]
    options: StageOptions
    whence: str = field(default="a stage", compare=False)


@record
class BackendPlan:
    """A backend to be made; `off` says why it cannot be used, or is None. `whence` as above."""

    name: str
    backend: type[Backend[Any]]
    options: BackendOptions
    off: str | None
    whence: str = field(default="a backend", compare=False)


@record
class PipelinePlan:
    """A chain to be made and the paths it serves."""

    name: str
    serves: tuple[str, ...]
    stages: tuple[StagePlan, ...]

    @property
    def is_guarded(self) -> bool:
        """Whether it lets callers in or not."""
        return any(issubclass(stage.stage, Gate) for stage in self.stages)

    def __str__(self) -> str:
        return " → ".join(stage.name for stage in self.stages)


@record
class Plan:
    """All that a file describes. `own_backends` are those that a tenant reaches with keys of its
    own, by its name. `notes` is what the file's author should know though it is no mistake."""

    config: Config
    backends: tuple[BackendPlan, ...]
    pipelines: tuple[PipelinePlan, ...]
    notes: tuple[str, ...]
    own_backends: Mapping[str, Sequence[BackendPlan]] = field(
        default_factory=dict[str, Sequence[BackendPlan]]
    )

    def problems_of(self, grants: Grants) -> Iterator[tuple[Place, str]]:
        """What is wrong with grants beside this file: (place, message)."""
        guarded = {plan.name: plan.is_guarded for plan in self.pipelines}
        return grant_problems(grants, list(self.config.backends.tables), guarded)
