"""Everything one file describes, open and at work."""

import time
from collections import ChainMap
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from llm_proxy.pipeline.backend import Backend, BackendKit
from llm_proxy.pipeline.catalogue import Catalogue
from llm_proxy.pipeline.chain import Link, Pipeline
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.plan import Plan
from llm_proxy.pipeline.stage import Kit
from llm_proxy.pipeline.state.store import Store


@dataclass(frozen=True, slots=True)
class Proxy:
    """The chains by name and by path, the backends that are on, and what they offer."""

    plan: Plan
    pipelines: Mapping[str, Pipeline]
    by_path: Mapping[str, Pipeline]
    backends: Mapping[str, Backend[Any]]
    catalogue: Catalogue
    health: Health

    def pipeline(self, name: str | None = None) -> Pipeline:
        """The chain of that name, or the file's first; raises `LookupError`."""
        if name is None:
            return next(iter(self.pipelines.values()))
        if name not in self.pipelines:
            raise LookupError(f'no pipeline named "{name}"; there is {", ".join(self.pipelines)}')
        return self.pipelines[name]


@asynccontextmanager
async def open_proxy(
    plan: Plan, http: aiohttp.ClientSession, store: Store, health: Health | None = None
) -> AsyncGenerator[Proxy, None]:
    """Open all backends, then all chains; close them in reverse. `http` and `store` stay open, and
    what `health` has learned stays known."""
    health = health or Health(time.monotonic)
    async with AsyncExitStack() as stack:
        backends: dict[str, Backend[Any]] = {}
        kit_of_backends = BackendKit(http, store, backends=backends)
        for planned in plan.backends:
            if not planned.off:
                backend = planned.backend(planned.name, planned.options, kit_of_backends)
                backends[planned.name] = await stack.enter_async_context(backend)
        kit = Kit(
            http=http,
            store=store,
            backends=backends,
            off={planned.name: planned.off for planned in plan.backends if planned.off},
            default_backend=plan.config.backends.default_backend,
            health=health,
        )
        pipelines: dict[str, Pipeline] = {}
        by_path: dict[str, Pipeline] = {}
        for recipe in plan.pipelines:
            named = ChainMap(*(dict(stage.options.named_models()) for stage in recipe.stages))
            kit = replace(kit, named_models=named)
            links = [
                Link(stage.name, stage.stage(stage.options, replace(kit, stage=stage.name)))
                for stage in recipe.stages
            ]
            pipeline = await stack.enter_async_context(Pipeline(recipe.name, links))
            pipelines[recipe.name] = pipeline
            by_path |= dict.fromkeys(recipe.serves, pipeline)
        catalogue = Catalogue(backends, kit.clock)
        stack.push_async_callback(catalogue.aclose)
        yield Proxy(plan, pipelines, by_path, backends, catalogue, health)
