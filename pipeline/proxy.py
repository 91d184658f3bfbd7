"""Everything one file describes, open and at work."""

import time
from collections import ChainMap
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from llm_proxy.pipeline.backend import Backend, BackendKit
from llm_proxy.pipeline.blame import starting
from llm_proxy.pipeline.catalogue import Catalogue
from llm_proxy.pipeline.chain import Link, Pipeline
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.plan import PipelinePlan, Plan, StagePlan
from llm_proxy.pipeline.stage import Kit
from llm_proxy.pipeline.state.store import Store
from llm_proxy.pipeline.trace import Target


@dataclass(frozen=True, slots=True)
class Proxy:
    """The chains by name and by path, the backends that are on, and what they offer."""

    plan: Plan
    pipelines: Mapping[str, Pipeline]
    by_path: Mapping[str, Pipeline]
    backends: Mapping[str, Backend[Any]]
    catalogue: Catalogue
    health: Health
    store: Store

    def pipeline(self, name: str | None = None) -> Pipeline:
        """The chain of that name, or the file's first; raises `LookupError`."""
        if name is None:
            return next(iter(self.pipelines.values()))
        if name not in self.pipelines:
            raise LookupError(f'no pipeline named "{name}"; there is {", ".join(self.pipelines)}')
        return self.pipelines[name]


def make_proxy(
    plan: Plan, http: aiohttp.ClientSession, store: Store, health: Health | None = None
) -> Proxy:
    """Make all backends and chains, and open none; raises `ConfigError`."""
    health = health or Health(time.monotonic)
    backends: dict[str, Backend[Any]] = {}
    kit_of_backends = BackendKit(http, store, backends=backends)
    for planned in plan.backends:
        if not planned.off:
            with starting(planned.whence):
                made = planned.backend(planned.name, planned.options, kit_of_backends)
            backends[planned.name] = made
    kit = Kit(
        http=http,
        store=store,
        backends=backends,
        off={planned.name: planned.off for planned in plan.backends if planned.off},
        default_backend=plan.config.backends.default_backend,
        health=health,
    )
    pipelines = {recipe.name: _pipeline(recipe, kit) for recipe in plan.pipelines}
    by_path = {path: pipelines[recipe.name] for recipe in plan.pipelines for path in recipe.serves}
    catalogue = Catalogue(backends, kit.clock)
    return Proxy(plan, pipelines, by_path, backends, catalogue, health, store)


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
        for planned in plan.backends:
            if not planned.off:
                with starting(planned.whence):
                    await stack.enter_async_context(proxy.backends[planned.name])
        for pipeline in proxy.pipelines.values():
            await stack.enter_async_context(pipeline)
        stack.push_async_callback(proxy.catalogue.aclose)
        yield proxy
