"""Which limits count for a request."""

from collections.abc import Sequence
from dataclasses import field
from fnmatch import fnmatchcase
from hashlib import sha256

from llm_proxy.pipeline.grants import LimitOf, What
from llm_proxy.pipeline.record import record
from llm_proxy.stages.rate_limit.asked import Asked, Per

_LONGEST = 200
"""Characters of a subject that are kept as they are; clients may name models as they like."""

_UNITS: dict[What, str] = {
    "requests": "requests",
    "tokens": "tokens",
    "money": "US dollars",
    "in_flight": "requests at once",
}


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

    @property
    def is_steady(self) -> bool:
        """Whether each request of a caller takes the same of the same limit, whatever it asks."""
        return (
            self.of in ("requests", "in_flight")
            and self.per not in ("model", "backend")
            and not self.models
        )

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
    return str(number) if isinstance(number, int) else f"{round(number, 4):.15g}"


def _short(subject: str) -> str:
    if len(subject) <= _LONGEST:
        return subject
    return sha256(subject.encode("utf-8", "replace")).hexdigest()
