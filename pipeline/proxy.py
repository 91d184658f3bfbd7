"""Everything one file describes, open and at work."""

import time
from collections import ChainMap
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp

from llm_proxy.pipeline.backend import Backend, BackendKit
from llm_proxy.pipeline.blame import starting
from llm_proxy.pipeline.catalogue import Catalogue
from llm_proxy.pipeline.chain import Link, Pipeline
from llm_proxy.pipeline.circuits import SharedCircuits
from llm_proxy.pipeline.dialects.dialect import ModelEntry
from llm_proxy.pipeline.errors import Unavailable
from llm_proxy.pipeline.exchange import Caller
from llm_proxy.pipeline.grants import NO_GRANTS
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.keys.keys import Keys
from llm_proxy.pipeline.plan import BackendPlan, PipelinePlan, Plan, StagePlan
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.stage import Kit, View
from llm_proxy.pipeline.state.store import Store
from llm_proxy.pipeline.trace import Target


@record
class Proxy:
    """The chains by name and by path, the backends that are on, and what they offer."""

    plan: Plan
    pipelines: Mapping[str, Pipeline]
    by_path: Mapping[str, Pipeline]
    backends: Mapping[str, Backend[Any]]
    catalogue: Catalogue
    health: Health
    store: Store
    kit: Kit

    def pipeline(self, name: str | None = None) -> Pipeline:
        """The chain of that name, or the file's first; raises `LookupError`."""
        if name is None:
            return next(iter(self.pipelines.values()))
        if name not in self.pipelines:
            raise LookupError(f'no pipeline named "{name}"; there is {", ".join(self.pipelines)}')
        return self.pipelines[name]

    def chain_for(self, caller: Caller | None, usual: Pipeline) -> Pipeline:
        """The chain that the caller's requests take: its own, or the usual one. Raises
        `Unavailable` where its own is not there, or would not know who asks."""
        name = caller.grants.pipeline if caller else None
        if name is None:
            return usual
        own = self.pipelines.get(name)
        if own is None or not own.is_guarded:
            told = (
                f'the chain "{name}" of {caller and caller.id} is not there, or lets everybody in'
            )
            raise Unavailable("the chain for this key is not there", for_log=told)
        return own

    async def models(self, caller: Caller | None) -> list[ModelEntry]:
        """The models that a caller may ask."""
        grants = caller.grants if caller else NO_GRANTS
        return await self.catalogue.models(self.kit.seen_by(caller).backends, grants)

    def planned(self) -> Iterator[tuple[BackendPlan, Backend[Any]]]:
        """All backends that are on, those of single tenants last."""
        views = self.kit.views
        shared = [(self.backends, self.plan.backends)]
        own = [(views[tenant].backends, plans) for tenant, plans in self.plan.own_backends.items()]
        for backends, plans in shared + own:
            yield from ((one, backends[one.name]) for one in plans if not one.off)


def make_proxy(
    plan: Plan, http: aiohttp.ClientSession, store: Store, health: Health | None = None
) -> Proxy:
    """Make all backends and chains, and open none; raises `ConfigError`."""
    all_backends: dict[str, Backend[Any]] = {}
    kit_of_backends = BackendKit(http, store, backends=all_backends)
    nothing = View({}, {}, health or Health(time.monotonic))
    view = _with(nothing, plan.backends, kit_of_backends)
    views = {
        tenant: _with(view, own, kit_of_backends, tenant)
        for tenant, own in plan.own_backends.items()
    }
    for name, seen in {"": view, **views}.items():
        all_backends.update((f"{name}/{one}", made) for one, made in seen.backends.items())
    tenants = {name: config.grants for name, config in plan.config.tenants.items()}
    kit = Kit(
        http=http,
        store=store,
        backends=view.backends,
        off=view.off,
        default_backend=plan.config.backends.default_backend,
        health=view.health,
        views=views,
        keys=Keys(store, tenants, time.monotonic) if tenants else None,
    )
    pipelines = {recipe.name: _pipeline(recipe, kit) for recipe in plan.pipelines}
    by_path = {path: pipelines[recipe.name] for recipe in plan.pipelines for path in recipe.serves}
    catalogue = Catalogue(kit.backends, kit.clock)
    return Proxy(plan, pipelines, by_path, kit.backends, catalogue, kit.health, store, kit)


def _with(before: View, plans: Sequence[BackendPlan], kit: BackendKit, tenant: str = "") -> View:
    """What there is with these backends in the place of those before, for a tenant or for all."""
    backends, off = dict(before.backends), dict(before.off)
    for planned in plans:
        backends.pop(planned.name, None)
        off.pop(planned.name, None)
        if planned.off:
            off[planned.name] = planned.off
            continue
        with starting(planned.whence):
            backends[planned.name] = planned.backend(planned.name, planned.options, kit)
    health = before.health.seen_by(tenant, {planned.name for planned in plans})
    return View(backends, off, health)


def _pipeline(recipe: PipelinePlan, kit: Kit) -> Pipeline:
    kit = replace(kit, named_models=ChainMap(*map(_named_models, recipe.stages)))
    return Pipeline(recipe.name, [_link(planned, kit) for planned in recipe.stages])


def _named_models(planned: StagePlan) -> dict[str, Sequence[Target]]:
    with starting(planned.whence):
        return dict(planned.options.named_models())


def _link(planned: StagePlan, kit: Kit) -> Link:
    with starting(planned.whence):
        stage = planned.stage(planned.options, replace(kit, stage=planned.name))
    return Link(planned.name, stage, planned.whence)


@asynccontextmanager
async def open_proxy(
    plan: Plan, http: aiohttp.ClientSession, store: Store, health: Health | None = None
) -> AsyncGenerator[Proxy, None]:
    """Open all backends, then all chains; close them in reverse. `http` and `store` stay open, and
    what `health` has learned stays known.

    Raises `ConfigError` where a stage or backend cannot be made or opened.
    """
    proxy = make_proxy(plan, http, store, health)
    async with AsyncExitStack() as stack:
        if plan.config.state.address:
            await stack.enter_async_context(SharedCircuits(store, proxy.health))
        for planned, backend in proxy.planned():
            with starting(planned.whence):
                await stack.enter_async_context(backend)
        for pipeline in proxy.pipelines.values():
            await stack.enter_async_context(pipeline)
        stack.push_async_callback(proxy.catalogue.aclose)
        yield proxy
