"""From a model's name to the targets it stands for, in the order in which they are tried."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from typing import Any

from llm_proxy.pipeline.backend import Backend
from llm_proxy.pipeline.errors import BadRequest, not_granted
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.named_together import named_together
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import Form
from llm_proxy.pipeline.stage import Kit
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.failover.options import Exhaust, FailoverOptions, Policy


@record
class Choice:
    """The targets of one request with their weights, and how to choose among them."""

    targets: Mapping[Target, float]
    policy: Policy
    exhaust: Exhaust
    sticky: bool


def choice_for(exchange: Exchange, options: FailoverOptions, kit: Kit) -> Choice:
    """What the request's model stands for: a route, which the session may have edited, several
    names with `|` between them, or one target; of these, what the caller may ask. Raises
    `BadRequest`, and `Forbidden` where nothing is left."""
    choice, grants = _choice(exchange, options, kit), exchange.grants
    allowed = {
        t: weight for t, weight in choice.targets.items() if grants.allow(t.backend, t.model)
    }
    if not allowed:
        first = next(iter(choice.targets))
        raise not_granted(first.backend, first.model)
    return replace(choice, targets=allowed)


def _choice(exchange: Exchange, options: FailoverOptions, kit: Kit) -> Choice:
    if exchange.target is not None:
        return Choice({exchange.target: 1.0}, options.policy, options.exhaust, options.sticky)
    name, edits = exchange.request.model, exchange.session_state.routes
    route = options.routes.get(name)
    if route is not None:
        return Choice(
            _targets(name, edits, options, kit),
            route.policy or options.policy,
            route.exhaust or options.exhaust,
            options.sticky if route.sticky is None else route.sticky,
        )
    targets: dict[Target, float] = {}
    for part in [name] if name in edits else _parts(name):
        targets |= _targets(part, edits, options, kit)
    return Choice(targets, options.policy, options.exhaust, options.sticky)


def in_order(
    choice: Choice, backends: Mapping[str, Backend[Any]], health: Health, form: Form
) -> list[Target]:
    """All targets with all their keys, the one to try first first."""
    rank = _rank(choice, health, form)
    rows: list[list[Target]] = []
    for target in choice.targets:
        keys = backends[target.backend].keys if target.backend in backends else ()
        each = [replace(target, key=key) for key in keys] if not target.key else []
        rows.append(sorted(each or [target], key=rank))
    rows.sort(key=lambda row: rank(row[0]))
    if choice.exhaust == "keys":
        return list(chain.from_iterable(rows))
    columns = chain.from_iterable(zip_longest(*rows))
    return [target for target in columns if target is not None]


def _parts(name: str) -> Sequence[str]:
    try:
        return named_together(name)
    except ValueError as error:
        raise BadRequest(str(error), param="model") from None


def _targets(
    name: str, edits: Mapping[str, Sequence[str]], options: FailoverOptions, kit: Kit
) -> dict[Target, float]:
    """What a name stands for: as the session has edited it, else as the file says, else itself."""
    route = options.routes.get(name)
    weights = (
        {Target(one.backend, one.model): one.weight for one in route.attempts} if route else {}
    )
    if name in edits:
        edited = map(kit.target_of, edits[name] or [name])
        return {target: weights.get(target, 1.0) for target in edited}
    return weights or {kit.target_of(name): 1.0}


def _rank(choice: Choice, health: Health, form: Form) -> Callable[[Target], float]:
    """What the targets are sorted by, the least first."""
    match choice.policy:
        case "ordered":
            return lambda _: 0.0
        case "weighted":
            # Efraimidis and Spirakis: so sorted, the first is one by its weight, and so is the
            # first of the rest.
            weights = {(one.backend, one.model): w for one, w in choice.targets.items()}
            return lambda target: random.expovariate(weights[target.backend, target.model])
        case "least_busy":
            return lambda target: health.of(target).in_flight
        case "fastest":  # who is not known yet comes first, or would never be
            return lambda target: health.of(target).latency(form).average or 0.0
