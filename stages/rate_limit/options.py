"""What stands in the file about limits."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from llm_proxy.pipeline.grants import What
from llm_proxy.pipeline.stage import StageOptions
from llm_proxy.pipeline.values import Listed, Seconds
from llm_proxy.stages.rate_limit.asked import Per
from llm_proxy.stages.rate_limit.prices import Price
from llm_proxy.stages.rate_limit.rules import Rule


def _number_or_none(value: object) -> int | None:
    if value == "none":
        return None
    if isinstance(value, bool) or not str(value).isdecimal() or not int(str(value)):
        raise ValueError('must be a number of requests, or "none"')
    return int(str(value))


class LimitOptions(BaseModel):
    """One `[[stages.rate_limit.limits]]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: What = Field(description="What is limited; money is in US dollars.")
    per: Per = Field(
        default="key",
        description="Who or what has a limit of its own; a model or backend where only one can be "
        "asked: a route's targets are known behind what chooses among them.",
    )
    most: float = Field(gt=0, allow_inf_nan=False, description="At once, or in the window.")
    window: Seconds | None = Field(
        default=None, description="In which as much is given again, evenly; not if in flight."
    )
    models: Listed = Field(
        default=(), description="Only these are counted, `*` stands for anything; all if empty."
    )

    @model_validator(mode="after")
    def _has_a_window_or_needs_none(self) -> Self:
        if self.of == "in_flight" and self.window is not None:
            raise ValueError("what is in flight has no window")
        if self.of != "in_flight" and self.window is None:
            raise ValueError('it needs a window, like "1m"')
        return self

    @property
    def rule(self) -> Rule:
        """The same, for use."""
        return Rule(self.of, self.per, self.most, self.window or 0.0, self.models)


class RateLimitOptions(StageOptions):
    """Options of `rate_limit`."""

    default_limit: Annotated[int | None, BeforeValidator(_number_or_none)] = Field(
        default=60, description='Requests at once, per caller, or "none" for any number.'
    )
    time_window: Seconds = Field(default=60.0, description="In which as many are given again.")
    limits: tuple[LimitOptions, ...] = Field(default=(), description="More limits.")
    prices: Mapping[str, Price] = Field(
        default_factory=dict[str, Price],
        description="Of models, in US dollars; the first name that fits counts.",
    )
    assumed_output: int = Field(
        default=1000, ge=0, description="Tokens of an answer for which no most is set."
    )
    lease: Seconds = Field(
        default=30.0, description="After which nothing is held for a replica that died."
    )

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All limits that stand in the file, each once."""
        return tuple(dict.fromkeys(self._rules()))

    def _rules(self) -> Iterator[Rule]:
        if self.default_limit is not None:
            yield Rule("requests", "key", self.default_limit, self.time_window)
        yield from (limit.rule for limit in self.limits)
