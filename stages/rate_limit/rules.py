"""Which limits count for a request."""

from collections.abc import Sequence
from dataclasses import field
from fnmatch import fnmatchcase
from functools import cached_property
from hashlib import sha256
from typing import Literal

from llm_proxy.pipeline.exchange import Caller, Exchange
from llm_proxy.pipeline.grants import LimitOf, What
from llm_proxy.pipeline.named_together import named_together
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.stage import Kit
from llm_proxy.pipeline.trace import Target

Per = Literal["key", "tenant", "model", "backend", "all"]

_LONGEST = 200
"""Characters of a subject that are kept as they are; clients may name models as they like."""

_UNITS: dict[What, str] = {
    "requests": "requests",
    "tokens": "tokens",
    "money": "US dollars",
    "in_flight": "requests at once",
}


class Asked:
    """What a request is for: `names` are those that patterns may mean, `targets` where it may go.
    Behind what chooses a target that is the one."""

    def __init__(self, exchange: Exchange, kit: Kit) -> None:
        self._exchange = exchange
        self._kit = kit

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


@record
class Rule:
    """So much of something in a window of seconds, or at once (0), for each of its kind; only for
    some models, if any are named. `name` is what it is called before people, `all` how much there
    is of it."""

    of: What
    per: Per
    most: float
    window: float
    models: tuple[str, ...] = ()
    name: str = field(init=False)
    all: str = field(init=False)
    _key: str = field(init=False)

    def __post_init__(self) -> None:
        whose = " of all" if self.per == "all" else f" per {self.per}" if self.per != "key" else ""
        models = f" for {', '.join(self.models)}" if self.models else ""
        object.__setattr__(self, "name", f"{_UNITS[self.of]}{whose}{models}")
        object.__setattr__(self, "all", f"{plain(self.most)} {self.name}")
        object.__setattr__(self, "_key", f"{self.of}:{self.per}:{','.join(self.models)}")

    @property
    def text(self) -> str:
        """The whole of it before people."""
        window = f" in {plain(self.window)} s" if self.window else ""
        return f"{self.all}{window}"

    def key(self, asked: Asked) -> str | None:
        """Under which the limit is kept that counts for a request; None if there is none."""
        if self.models and not self._fits(asked.names):
            return None
        subject = asked.subject(self.per)
        return None if subject is None else f"{self._key}:{_short(subject)}"

    def _fits(self, names: Sequence[str]) -> bool:
        return any(fnmatchcase(name, one) for name in names for one in self.models)


def with_own(rules: Sequence[Rule], limits: Sequence[LimitOf]) -> Sequence[Rule]:
    """A caller's own limits, and those of the file that they do not take the place of: the ones of
    something else, for somebody else, or only for some models."""
    if not limits:
        return rules
    own = [Rule(one.what, one.per, one.most, one.window) for one in limits]
    taken = {(rule.of, rule.per) for rule in own}
    left = (rule for rule in rules if rule.models or (rule.of, rule.per) not in taken)
    return list(dict.fromkeys((*left, *own)))


def plain(number: float) -> str:
    """A number as people write it, with four places at most."""
    return f"{round(number, 4):.15g}"


def _parts(model: str) -> Sequence[str]:
    try:
        return named_together(model)
    except ValueError:  # which is told where it is sent on
        return (model,)


def _short(subject: str) -> str:
    if len(subject) <= _LONGEST:
        return subject
    return sha256(subject.encode("utf-8", "replace")).hexdigest()
