"""A small house of stages and backends to plan with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from llm_proxy.pipeline.backend import Backend, BackendOptions
from llm_proxy.pipeline.config_file import Place, read_config_file
from llm_proxy.pipeline.errors import ConfigError
from llm_proxy.pipeline.exchange import Caller, Client, Exchange
from llm_proxy.pipeline.plan import Plan
from llm_proxy.pipeline.planner import make_plan
from llm_proxy.pipeline.registry import Registry
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Gate, Next, Stage, StageOptions, Surroundings


class Plain(Stage[Any]):
    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        raise NotImplementedError


class AuthOptions(StageOptions):
    key: str = ""

    def problems(self, surroundings: Surroundings) -> Iterator[tuple[Place, str]]:
        if surroundings.production and not self.key:
            yield ("key",), "production needs a key"


class Auth(Gate[AuthOptions]):
    Options = AuthOptions

    async def admit(self, client: Client) -> Caller:
        raise NotImplementedError


class LimitOptions(StageOptions):
    default_limit: int = Field(default=60, ge=1)


class Limit(Plain):
    Options = LimitOptions
    requires = frozenset({"caller"})


class RouteOptions(StageOptions):
    to: tuple[str, ...] = ()

    def problems(self, surroundings: Surroundings) -> Iterator[tuple[Place, str]]:
        for n, name in enumerate(self.to):
            if name not in surroundings.backends:
                yield ("to", n), f'no backend named "{name}"'


class Route(Plain):
    Options = RouteOptions


class Dispatch(Plain):
    last = True


class VendorOptions(BackendOptions):
    api_key: str = ""

    def why_off(self) -> str | None:
        return None if self.api_key else "it has no key"


class Local(Backend[Any]):
    async def send(self, exchange: Exchange, model: str) -> Reply:
        raise NotImplementedError

    async def models(self) -> list[str]:
        raise NotImplementedError


class Vendor(Local):
    Options = VendorOptions


STAGES: dict[str, type[Stage[Any]]] = {
    "plain": Plain,
    "auth": Auth,
    "rate_limit": Limit,
    "route": Route,
    "dispatch": Dispatch,
}
BACKENDS: dict[str, type[Backend[Any]]] = {"local": Local, "openai": Vendor}
DEFAULT = '[pipelines.default]\nstages = ["dispatch"]\n'


def plan(path: Path) -> Plan:
    return make_plan(
        read_config_file(path, {}),
        Registry[Stage[Any]]("stage", STAGES, Stage, "llm_proxy.none"),
        Registry[Backend[Any]]("backend", BACKENDS, Backend, "llm_proxy.none"),
    )


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        plan(path)
    return raised.value.problems
