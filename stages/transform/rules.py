"""What one rule does to a request."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from llm_proxy.pipeline.params import PARAMS, STRUCTURE, canonical, overlaid, parse_param
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.system_prompt import with_system
from llm_proxy.pipeline.wildcards import fits


class Replacement(BaseModel):
    """A text in answers and what stands in its place."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    find: str = Field(min_length=1)
    with_: str = Field(alias="with")


class Rule(BaseModel):
    """One `[[stages.transform.rules]]`; all that it names is done, in this order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: tuple[str, ...] = Field(
        default=("*",), description="For which models: names, `*` stands for anything."
    )
    rename: str | None = Field(default=None, description="The model to ask instead.")
    set: Mapping[str, Any] = Field(
        default_factory=dict[str, Any], description="Parameters to set, whatever the client sent."
    )
    drop: tuple[str, ...] = Field(default=(), description="Parameters to leave out.")
    clamp: Mapping[str, tuple[float, float]] = Field(
        default_factory=dict[str, tuple[float, float]],
        description="Numeric parameters to keep between two values, if the client sent them.",
    )
    system: str | None = Field(default=None, description="Text added to the system prompt.")
    think_tags: bool = Field(
        default=False, description="Move a leading <think>…</think> of the answer to reasoning."
    )
    replace: tuple[Replacement, ...] = Field(default=(), description="Texts to replace in answers.")

    @field_validator("set")
    @classmethod
    def _legal_values(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        for name in values:
            if name in STRUCTURE:
                raise ValueError(f"{name} is no setting; there are rename and system")
        return {canonical(name): _value(canonical(name), value) for name, value in values.items()}

    @field_validator("drop")
    @classmethod
    def _canonical_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(canonical(name) for name in names)

    @field_validator("clamp")
    @classmethod
    def _legal_bounds(
        cls, bounds: Mapping[str, tuple[float, float]]
    ) -> Mapping[str, tuple[float, float]]:
        for name, (low, high) in bounds.items():
            if not low <= high or low == inf or high == -inf:
                raise ValueError(f"{name}: nothing is between {low:g} and {high:g}")
        return {canonical(name): pair for name, pair in bounds.items()}

    def fits(self, model: str) -> bool:
        """Whether the rule is for this model."""
        return any(fits(model, name) for name in self.models)

    def apply(self, request: ChatRequest) -> ChatRequest:
        """The request as the rule wants it."""
        params = dict(self._params(request.params))
        if params != request.params:
            request = replace(request, params=params)
        if self.rename:
            request = replace(request, model=self.rename)
        return with_system(request, self.system) if self.system else request

    def _params(self, params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, value in overlaid(params, self.set).items():
            if name in self.drop:
                continue
            yield name, _clamped(value, self.clamp.get(name))


def _value(name: str, value: Any) -> Any:
    if name not in PARAMS:
        return value
    try:
        return parse_param(name, value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _clamped(value: Any, bounds: tuple[float, float] | None) -> Any:
    if bounds is None or isinstance(value, bool) or not isinstance(value, int | float):
        return value
    kept = min(max(value, bounds[0]), bounds[1])
    return int(kept) if isinstance(value, int) and kept == int(kept) else kept
