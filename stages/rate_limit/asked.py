"""What a request is for, as far as limits go: who asks, where it may go, what it may come to."""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from llm_proxy.pipeline.estimate import estimated_tokens
from llm_proxy.pipeline.events import Usage
from llm_proxy.pipeline.exchange import Caller, Exchange
from llm_proxy.pipeline.named_together import named_together
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.stage import Kit
from llm_proxy.pipeline.trace import Target

Per = Literal["key", "tenant", "model", "backend", "all"]

NOTHING = Usage(0, 0)


class Asked:
    """What a request is for: `names` are those that patterns may mean, `targets` where it may go.
    Behind what chooses a target that is the one. All is looked up when somebody wants to know."""

    def __init__(self, exchange: Exchange, kit: Kit, assumed_output: int = 0) -> None:
        self._exchange = exchange
        self._kit = kit
        self._assumed_output = assumed_output

    @property
    def counts_only(self) -> bool:
        """Whether it asks for nothing but the number of its tokens."""
        return self._exchange.request.counts_only

    @cached_property
    def expected(self) -> Usage:
        """What it may come to."""
        return expected(self._exchange.request, self._assumed_output)

    @cached_property
    def targets(self) -> Sequence[Target]:
        if self._exchange.target:
            return (self._exchange.target,)
        named, target_of = self._kit.named_models, self._kit.target_of
        return [
            target
            for part in _parts(self._exchange.request.model)
            for target in named.get(part) or (target_of(part),)
        ]

    @cached_property
    def names(self) -> Sequence[str]:
        of_targets = (name for t in self.targets for name in (t.model, f"{t.backend}:{t.model}"))
        return [self._exchange.request.model, *of_targets]

    def subject(self, per: Per) -> str | None:
        """Whose limit counts; None if that is not known yet."""
        caller = self._exchange.caller or Caller("anonymous")
        match per:
            case "key":
                return caller.id
            case "tenant":
                return f"tenant:{caller.tenant}" if caller.tenant else f"key:{caller.id}"
            case "all":
                return ""
            case "model" | "backend":
                return self._of_target(per)

    def _of_target(self, per: Literal["model", "backend"]) -> str | None:
        if len(self.targets) != 1:
            return None
        (target,) = self.targets
        return target.backend if per == "backend" else f"{target.backend}:{target.model}"


def expected(request: ChatRequest, assumed_output: int) -> Usage:
    """What a request may come to: all that it may be answered, or `assumed_output` tokens."""
    if request.counts_only:
        return NOTHING
    answers = _number(request, "n", 1)
    output = _number(request, "max_tokens", assumed_output)
    return Usage(estimated_tokens(request), answers * output)


def _number(request: ChatRequest, name: str, default: int) -> int:
    value = request.params.get(name)
    return value if isinstance(value, int) and value > 0 else default


def _parts(model: str) -> Sequence[str]:
    try:
        return named_together(model)
    except ValueError:  # which is told where it is sent on
        return (model,)
