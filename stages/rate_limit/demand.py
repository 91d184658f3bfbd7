"""What one request takes of each of its limits: beforehand as much as it may come to, and in the
end what it has come to."""

from collections.abc import Sequence

from llm_proxy.pipeline.events import Usage
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.state.charges import Charge
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.rate_limit.asked import Asked
from llm_proxy.stages.rate_limit.prices import Prices
from llm_proxy.stages.rate_limit.rules import Rule

_OF_ANSWERS = ("tokens", "money")


@record
class Due:
    """A limit, and what is taken of it; no less than all there is, where that is too little, so
    that nothing has to wait for ever."""

    rule: Rule
    charge: Charge


class Demand:
    """The limits of one request: those it takes something of (`taken`, by `charges`), and those
    that are settled in the end (`held`), also where nothing was expected: what a request is sent to
    may be another model than the one that was asked for.

    `stage` is whose limits they are. `is_priced` is False where money cannot be counted. What was
    `asked` is not kept: where all rules are steady, each request of a caller has the same demand.
    """

    def __init__(self, stage: str, rules: Sequence[Rule], asked: Asked, prices: Prices) -> None:
        self._prices = prices
        self.is_priced = True
        self.taken: list[Due] = []
        self.held: list[Due] = []
        for rule in rules:
            if asked.counts_only and rule.of in _OF_ANSWERS:
                continue
            key = rule.key(asked)
            if key is not None:
                self._add(f"{stage}:{key}", rule, asked)
        self.charges = [due.charge for due in self.taken]

    def _add(self, key: str, rule: Rule, asked: Asked) -> None:
        is_held = rule.of != "requests"
        cost = min(rule.most, self._cost(rule, asked) if is_held else 1)
        due = Due(rule, Charge(key, rule.most, rule.window, cost, is_held))
        if cost:
            self.taken.append(due)
        if is_held:
            self.held.append(due)

    def costs(self, usage: Usage, target: Target | None) -> list[float]:
        """What it has come to, of each of the held ones; `target` is who was asked."""
        return [self._real_cost(due.rule, usage, target) for due in self.held]

    def _cost(self, rule: Rule, asked: Asked) -> float:
        match rule.of:
            case "tokens":
                return asked.expected.input_tokens + asked.expected.output_tokens
            case "money":
                return self._dollars(asked)
            case _:
                return 1

    def _dollars(self, asked: Asked) -> float:
        """What the dearest of the targets may come to."""
        prices = [price for target in asked.targets if (price := self._prices.at(target))]
        self.is_priced = bool(prices)
        return max((price.of(asked.expected) for price in prices), default=0.0)

    def _real_cost(self, rule: Rule, usage: Usage, target: Target | None) -> float:
        match rule.of:
            case "tokens":
                return usage.input_tokens + usage.output_tokens
            case "money":
                price = self._prices.at(target) if target else None
                return price.of(usage) if price else 0.0
            case _:
                return 0.0
