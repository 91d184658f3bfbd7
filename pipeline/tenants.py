"""`[tenants.NAME]`: for whom keys can be made, and what all keys of one tenant may do together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from llm_proxy.pipeline.config_file import Place
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.limit_texts import Budget, Limits
from llm_proxy.pipeline.registry import did_you_mean
from llm_proxy.pipeline.values import Listed, Secrets

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
"""What a tenant may be called."""


class TenantConfig(BaseModel):
    """What one tenant may do, and the vendors' keys that it brings, by the names of backends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limits: Limits = ()
    budget: Budget | None = None
    models: Listed = ()
    backends: Listed = ()
    pipeline: str | None = None
    vendor_keys: Mapping[str, Secrets] = Field(default_factory=dict[str, Secrets])

    @property
    def grants(self) -> Grants:
        """What it may do."""
        money = (self.budget,) if self.budget else ()
        limits = tuple(replace(limit, per="tenant") for limit in (*self.limits, *money))
        return Grants(limits, self.models, self.backends, self.pipeline)


def grant_problems(
    grants: Grants, backends: Sequence[str], guarded: Mapping[str, bool]
) -> Iterator[tuple[Place, str]]:
    """What is wrong with grants beside the rest of a file: (place, message). `guarded` has all
    chains by name, and whether each lets callers in or not."""
    for position, name in enumerate(grants.backends):
        if "*" not in name and name not in backends:
            hint = did_you_mean(name, list(backends))
            yield ("backends", position), f'no backend named "{name}"{hint}'
    chain = grants.pipeline
    if chain is not None and chain not in guarded:
        yield ("pipeline",), f'no pipeline named "{chain}"{did_you_mean(chain, list(guarded))}'
    elif chain is not None and not guarded[chain]:
        why = "without a stage that lets callers in it does not know whose request it is"
        yield ("pipeline",), f'"{chain}" cannot be for some callers alone: {why}'
