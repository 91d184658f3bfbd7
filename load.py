"""The composition root: a file, the built-in stages and the built-in backends → a proxy."""

import os
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from llm_proxy.backends import BUILTIN as BACKENDS
from llm_proxy.pipeline.backend import Backend
from llm_proxy.pipeline.chain import Pipeline
from llm_proxy.pipeline.config import StateConfig
from llm_proxy.pipeline.config_file import read_config_file
from llm_proxy.pipeline.plan import Plan
from llm_proxy.pipeline.planner import make_plan
from llm_proxy.pipeline.proxy import make_proxy, open_proxy
from llm_proxy.pipeline.registry import Registry
from llm_proxy.pipeline.stage import Stage
from llm_proxy.pipeline.state.guarded import GuardedStore
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.pipeline.state.store import SharedStore, Store
from llm_proxy.stages import BUILTIN as STAGES

DEFAULT_FILE = Path(__file__).with_name("pipelines.toml")
"""The configuration that comes with the package."""


def read_plan(path: str | os.PathLike[str], environment: Mapping[str, str] | None = None) -> Plan:
    """Read and check a file; `environment` fills its variables, by default the process's own.

    Raises `ConfigError` with every problem at once.
    """
    file = read_config_file(Path(path), os.environ if environment is None else environment)
    stages = Registry[Stage[Any]]("stage", STAGES, Stage, "llm_proxy.stages")
    backends = Registry[Backend[Any]]("backend", BACKENDS, Backend, "llm_proxy.backends")
    return make_plan(file, stages, backends)


async def rehearse(plan: Plan) -> None:
    """Make all that the plan names and open nothing; raises `ConfigError` where that fails."""
    async with new_http_session() as http:
        make_proxy(plan, http, MemoryStore(time.monotonic))


def new_store(config: StateConfig) -> Store:
    """The state that `[state]` names; to enter it raises `CannotStart` where it is not there."""
    memory, shared = MemoryStore(time.monotonic), shared_store(config)
    return GuardedStore(shared, memory, config.when_away.by_use) if shared else memory


def shared_store(config: StateConfig) -> SharedStore | None:
    """State that others share, with nothing in its place while it is away; None where `[state]`
    names none. To enter it raises `CannotStart` where it is not there."""
    if config.address is None:
        return None
    from llm_proxy.pipeline.state.redis import RedisStore  # noqa: PLC0415 - 0.1 s, if needed only

    return RedisStore(config.address, config.prefix, config.timeout)


def new_http_session() -> aiohttp.ClientSession:
    """One pool for all backends, with no limit of its own: limits are the chain's business."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


@asynccontextmanager
async def load(
    path: str | os.PathLike[str] = DEFAULT_FILE,
    pipeline: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncGenerator[Pipeline, None]:
    """Open a file's chain for use without HTTP: the one named `pipeline`, or the first.

    Raises `ConfigError`, `CannotStart`, and `LookupError` for a name the file does not have.
    """
    plan = read_plan(path, environment)
    async with (
        new_http_session() as http,
        new_store(plan.config.state) as store,
        open_proxy(plan, http, store) as proxy,
    ):
        yield proxy.pipeline(pipeline)
