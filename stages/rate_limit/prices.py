"""What tokens cost."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field

from llm_proxy.pipeline.events import Usage
from llm_proxy.pipeline.trace import Target


class Price(BaseModel):
    """US dollars for a million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    cached: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="Input read from a cache."
    )
    cache_write: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="Input written to a cache."
    )

    def of(self, usage: Usage) -> float:
        """What these tokens cost, in US dollars."""
        cached, written = usage.cached_tokens, usage.cache_write_tokens
        fresh = max(0, usage.input_tokens - cached - written)
        dollars = (
            fresh * self.input
            + cached * (self.input if self.cached is None else self.cached)
            + written * (self.input if self.cache_write is None else self.cache_write)
            + usage.output_tokens * self.output
        )
        return dollars / 1_000_000


class Prices:
    """By the names of models: `gpt-*`, or with their backend: `openai:gpt-*`."""

    def __init__(self, by_name: Mapping[str, Price]) -> None:
        self._by_name = by_name

    def at(self, target: Target) -> Price | None:
        """The first that fits, if one does."""
        names = (target.model, f"{target.backend}:{target.model}")
        return next(
            (
                price
                for pattern, price in self._by_name.items()
                if any(fnmatchcase(name, pattern) for name in names)
            ),
            None,
        )
