"""The options of `failover`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_proxy.pipeline.breaker import BreakerLimits
from llm_proxy.pipeline.config_file import Place
from llm_proxy.pipeline.errors import Fault
from llm_proxy.pipeline.registry import did_you_mean
from llm_proxy.pipeline.stage import StageOptions, Surroundings
from llm_proxy.pipeline.trace import Target
from llm_proxy.pipeline.values import Seconds
from llm_proxy.stages.failover.reactions import DEFAULTS, Reaction

Policy = Literal["ordered", "weighted", "least_busy", "fastest"]
"""Which target is tried first: the file's first; one by chance, after their weights; the one with
the fewest requests; the one whose answers began soonest lately."""

Exhaust = Literal["keys", "models"]
"""What is used up first: all keys of a model before the next model, or all models with one key
before the next key."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TargetOptions(_Table):
    """One target of a route. `weight` counts where the policy is `weighted`."""

    backend: str
    model: str
    weight: float = Field(default=1.0, gt=0, le=1_000_000)


class RouteOptions(_Table):
    """The targets a model's name stands for, and how they are chosen, if not as elsewhere."""

    attempts: tuple[TargetOptions, ...] = Field(min_length=1)
    policy: Policy | None = None
    exhaust: Exhaust | None = None
    sticky: bool | None = None

    @property
    def targets(self) -> list[Target]:
        """In the order of the file."""
        return [Target(one.backend, one.model) for one in self.attempts]


class BreakerOptions(_Table):
    """When a target is left alone."""

    failures: int = Field(default=5, ge=1, description="In a row, of one model and key.")
    cooldown: Seconds = Field(default=30.0, description="At first; longer if it fails again.")

    @property
    def limits(self) -> BreakerLimits:
        """As the breaker takes them."""
        return BreakerLimits(self.failures, self.cooldown)


class HedgingOptions(_Table):
    """When a second target is asked while the first is only slow."""

    percentile: float = Field(
        default=95.0, gt=0, lt=100, description="Later than so many of a hundred lately is late."
    )
    at_least: Seconds = Field(default=0.1, description="Never sooner than this.")
    budget: float = Field(
        default=0.05, gt=0, le=1, description="Extra requests, as a share of all requests."
    )


class FailoverOptions(StageOptions):
    """Options of `failover`."""

    routes: Mapping[str, RouteOptions] = Field(
        default_factory=dict[str, RouteOptions],
        description="Model name → the targets it stands for.",
    )
    policy: Policy = Field(default="ordered", description="Which target is tried first.")
    exhaust: Exhaust = Field(
        default="keys", description="`keys`: all keys of a model before the next model."
    )
    sticky: bool = Field(
        default=False, description="A session stays on its target while that is healthy."
    )
    on: Mapping[Fault, Reaction] = Field(
        default_factory=dict[Fault, Reaction], description="What to do about each failure."
    )
    max_tries: int | None = Field(
        default=None,
        ge=1,
        description="For one request in all; else one for each target and key, but at least 3.",
    )
    backoff: Seconds = Field(
        default=0.5, description="The longest wait before the first repetition; doubled each time."
    )
    longest_backoff: Seconds = Field(default=8.0, description="Where doubling ends.")
    longest_wait: Seconds = Field(
        default=5.0, description="A Retry-After up to this is waited for rather than moving on."
    )
    retry_budget: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Repetitions at once, as a share of the requests at once; 10 are always let.",
    )
    breaker: BreakerOptions = Field(
        default=BreakerOptions(), description="When a target is left alone."
    )
    hedging: HedgingOptions | None = Field(
        default=None, description="When a second target is asked beside a slow one; else never."
    )
    first_event_timeout: Seconds = Field(
        default=60.0,
        description="For one attempt, until its first content. A whole answer has none before its "
        "end, so where no other target is left it has all the time there is.",
    )
    between_events_timeout: Seconds = Field(
        default=120.0, description="The longest silence inside a streamed answer."
    )
    total_timeout: Seconds = Field(
        default=300.0, description="For all attempts together, until one begins to answer."
    )
    resume: bool = Field(
        default=False,
        description="Where a stream of plain text breaks, another target goes on from there.",
    )

    def reaction(self, fault: Fault) -> Reaction:
        """What to do about a failure."""
        return self.on.get(fault, DEFAULTS[fault])

    def named_models(self) -> Mapping[str, Sequence[Target]]:
        return {name: route.targets for name, route in self.routes.items()}

    def problems(self, surroundings: Surroundings) -> Iterator[tuple[Place, str]]:
        known = sorted(surroundings.backends)
        for name, route in self.routes.items():
            for position, attempt in enumerate(route.attempts):
                if attempt.backend not in surroundings.backends:
                    hint = did_you_mean(attempt.backend, known)
                    place = ("routes", name, "attempts", position, "backend")
                    yield place, f'no backend named "{attempt.backend}"{hint}'
