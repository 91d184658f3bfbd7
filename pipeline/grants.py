"""What a caller may do, beside what the file says for all."""

from collections.abc import Sequence
from typing import Literal

from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.wildcards import fits

What = Literal["requests", "tokens", "money", "in_flight"]

Whose = Literal["key", "tenant"]


@record
class LimitOf:
    """At most so much of something in `window` seconds, for one key or for all of its tenant's
    together. Money is in US dollars, and a limit of it is a budget; what is in flight has no window
    (0)."""

    what: What
    most: float
    window: float
    per: Whose = "key"


@record
class Grants:
    """What a caller has been granted; where something is empty, there is nothing to say about it.

    `limits` are all that hold, the tenant's among them. `models` and `backends` are those that may
    be asked, `*` stands for anything; a model is written as it is or as `backend:model`. `pipeline`
    is the chain that its requests take. Nothing goes beyond what is granted to `within`.
    """

    limits: tuple[LimitOf, ...] = ()
    models: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    pipeline: str | None = None
    within: "Grants | None" = None

    def allow(self, backend: str, model: str) -> bool:
        """Whether this model of this backend may be asked."""
        return (
            (not self.backends or _is_among(self.backends, backend))
            and (not self.models or _is_among(self.models, model, f"{backend}:{model}"))
            and (self.within is None or self.within.allow(backend, model))
        )

    def allow_backend(self, backend: str) -> bool:
        """Whether this backend may be asked for some model."""
        within = self.within is None or self.within.allow_backend(backend)
        return within and (not self.backends or _is_among(self.backends, backend))


NO_GRANTS = Grants()
"""Whoever has these may do what the file lets all do."""


def _is_among(patterns: Sequence[str], *names: str) -> bool:
    return any(fits(name, one) for name in names for one in patterns)
