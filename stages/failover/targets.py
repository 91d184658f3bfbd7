"""From a model's name to the targets it stands for, in the order in which they are tried."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain, zip_longest
from math import ceil
from typing import Any, Literal

from llm_proxy.pipeline.backend import Backend
from llm_proxy.pipeline.errors import BadRequest, not_granted
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.grants import NO_GRANTS, Grants
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.named_together import named_together
from llm_proxy.pipeline.request import ChatRequest, Form
from llm_proxy.pipeline.session_state import NOTHING
from llm_proxy.pipeline.stage import Kit
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.failover.options import Exhaust, FailoverOptions, Policy, RouteOptions

_REMEMBERED = 256
"""Names of models; clients may ask for any, and one may be long."""

_MOST_TOLD = 8
"""Targets that are named where somebody asks."""

_Edits = Mapping[str, Sequence[str]]
"""The routes that a session has edited: names of models, and of their targets."""

_Sorted = Literal["weighted", "least_busy", "fastest"]
"""The policies by which the order is another one for each request."""


class Choice:
    """The targets of one request with their weights, and how to choose among them. `ordered` are
    all with all their keys, as the file has them; `told` says so, if none is to be let alone."""

    __slots__ = (
        "_backends",
        "_exhaust",
        "_policy",
        "_rows",
        "ordered",
        "sticky",
        "targets",
        "told",
    )

    def __init__(
        self,
        targets: Mapping[Target, float],
        backends: Mapping[str, Backend[Any]],
        policy: Policy,
        exhaust: Exhaust,
        *,
        sticky: bool,
    ) -> None:
        self.targets = targets
        self.sticky = sticky
        self._backends = backends
        self._policy: Policy = policy
        self._exhaust: Exhaust = exhaust
        self._rows = [_with_keys(target, backends) for target in targets]
        self.ordered = self._arranged(self._rows)
        self.told = self._telling(map(str, self.ordered[:_MOST_TOLD]))

    def allowed(self, grants: Grants) -> "Choice":
        """Of the targets those that may be asked; raises `Forbidden` where nothing is left."""
        targets = {t: w for t, w in self.targets.items() if grants.allow(t.backend, t.model)}
        if not targets:
            first = next(iter(self.targets))
            raise not_granted(first.backend, first.model)
        return Choice(targets, self._backends, self._policy, self._exhaust, sticky=self.sticky)

    def in_order(self, health: Health, request: ChatRequest) -> Sequence[Target]:
        """All targets with all their keys, the one to try first first."""
        if self._policy == "ordered":
            return self.ordered
        rank = self._rank(self._policy, health, request.form)
        rows = [sorted(row, key=rank) for row in self._rows]
        return self._arranged(sorted(rows, key=lambda row: rank(row[0])))

    def telling(self, targets: Sequence[Target], health: Health) -> str:
        """Which targets are tried, and why one will not be the first where it is to be let
        alone."""
        return self._telling(_named(target, health) for target in targets[:_MOST_TOLD])

    def _telling(self, names: Iterable[str]) -> str:
        return f"{self._policy}: {', '.join(names)}"

    def _rank(self, policy: _Sorted, health: Health, form: Form) -> Callable[[Target], float]:
        """What the targets are sorted by, the least first."""
        match policy:
            case "weighted":
                # Efraimidis and Spirakis: so sorted, the first is one by its weight, and so is the
                # first of the rest.
                weights = {(one.backend, one.model): w for one, w in self.targets.items()}
                return lambda target: random.expovariate(weights[target.backend, target.model])
            case "least_busy":
                return lambda target: health.of(target).in_flight
            case "fastest":  # who is not known yet comes first, or would never be
                return lambda target: health.of(target).latencies[form].average or 0.0

    def _arranged(self, rows: Sequence[Sequence[Target]]) -> Sequence[Target]:
        if self._exhaust == "keys":
            return list(chain.from_iterable(rows))
        columns = chain.from_iterable(zip_longest(*rows))
        return [target for target in columns if target is not None]


class Choices:
    """What names of models stand for among the backends of `kit`; what does not change from one
    request to the next is worked out once."""

    def __init__(self, options: FailoverOptions, kit: Kit) -> None:
        self._options = options
        self.kit = kit
        self._unedited = lru_cache(_REMEMBERED)(self._named)

    def of(self, exchange: Exchange) -> Choice:
        """What the request's model stands for: a route, which the session may have edited, several
        names with `|` between them, or one target; of these, what the caller may ask. Raises
        `BadRequest`, and `Forbidden` where nothing is left."""
        caller, session = exchange.caller, exchange.session
        if exchange.target is not None:
            choice = self._choice({exchange.target: 1.0})
        elif session is not None and session.state.routes:
            choice = self._named(exchange.request.model, session.state.routes)
        else:
            choice = self._unedited(exchange.request.model)
        if caller is None or caller.grants is NO_GRANTS:
            return choice
        return choice.allowed(caller.grants)

    def _named(self, name: str, edits: _Edits = NOTHING.routes) -> Choice:
        route = self._options.routes.get(name)
        if route is not None:
            return self._choice(self._targets(name, edits), route)
        targets: dict[Target, float] = {}
        for part in [name] if name in edits else _parts(name):
            targets |= self._targets(part, edits)
        return self._choice(targets)

    def _choice(self, targets: Mapping[Target, float], route: RouteOptions | None = None) -> Choice:
        options = self._options
        sticky = route.sticky if route else None
        return Choice(
            targets,
            self.kit.backends,
            (route and route.policy) or options.policy,
            (route and route.exhaust) or options.exhaust,
            sticky=options.sticky if sticky is None else sticky,
        )

    def _targets(self, name: str, edits: _Edits) -> dict[Target, float]:
        """What a name stands for: as the session has edited it, else as the file says, else
        itself."""
        route = self._options.routes.get(name)
        weights = (
            {Target(one.backend, one.model): one.weight for one in route.attempts} if route else {}
        )
        if name in edits:
            edited = map(self.kit.target_of, edits[name] or [name])
            return {target: weights.get(target, 1.0) for target in edited}
        return weights or {self.kit.target_of(name): 1.0}


def _parts(name: str) -> Sequence[str]:
    try:
        return named_together(name)
    except ValueError as error:
        raise BadRequest(str(error), param="model") from None


def _with_keys(target: Target, backends: Mapping[str, Backend[Any]]) -> Sequence[Target]:
    """The target once for each key of its backend, or as it is."""
    backend = None if target.key else backends.get(target.backend)
    return (
        [replace(target, key=key) for key in backend.keys] if backend and backend.keys else [target]
    )


def _named(target: Target, health: Health) -> str:
    wait = health.of(target).wait
    return f"{target} (left alone for {ceil(wait)} s)" if wait else str(target)
