"""Everything one file describes, open and at work."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self
from unittest.mock import Mock

import aiohttp
import pytest
from pydantic import Field

from llm_proxy.pipeline.backend import Backend, BackendKit, BackendOptions
from llm_proxy.pipeline.config import BackendsConfig, Config, PipelineConfig
from llm_proxy.pipeline.errors import ConfigError, Unavailable
from llm_proxy.pipeline.events import End
from llm_proxy.pipeline.exchange import Caller, Client, Exchange
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.plan import BackendPlan, PipelinePlan, Plan, StagePlan
from llm_proxy.pipeline.proxy import Proxy, make_proxy, open_proxy
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.stage import Gate, Kit, Next, Stage, StageOptions
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.pipeline.tenants import TenantConfig
from llm_proxy.pipeline.trace import Target
from tests.support.clock import Clock
from tests.support.stages import asking

LOG: list[str] = []
HTTP = Mock(spec=aiohttp.ClientSession)
STORE = MemoryStore(Clock())


@pytest.fixture(autouse=True)
def _empty_log() -> Iterator[None]:
    LOG.clear()
    yield
    LOG.clear()


class Vendor(Backend[BackendOptions]):
    def __init__(self, name: str, options: BackendOptions, kit: BackendKit) -> None:
        super().__init__(name, options, kit)
        if name == "cannot be made":
            raise ValueError(name)

    async def __aenter__(self) -> Self:
        LOG.append(f"+{self.name}")
        if self.name == "cannot open":
            raise OSError(self.name)
        return self

    async def __aexit__(self, *_: object) -> None:
        LOG.append(f"-{self.name}")

    async def send(self, exchange: Exchange, model: str) -> Reply:
        return Reply.of(Head(self.name, model), [End()])

    async def models(self) -> list[str]:
        return ["x"]


class Options(StageOptions):
    name: str = "stage"
    fails: bool = False
    names: dict[str, str] = Field(default_factory=dict[str, str])

    def named_models(self) -> Mapping[str, Sequence[Target]]:
        return {name: (Target("a", model),) for name, model in self.names.items()}


class Sends(Stage[Options]):
    Options = Options

    def __init__(self, options: Options, kit: Kit) -> None:
        super().__init__(options, kit)
        if options.name == "cannot be made":
            raise ValueError(options.name)

    async def __aenter__(self) -> Self:
        LOG.append(f"+{self.options.name}")
        if self.options.fails:
            raise OSError(self.options.name)
        return self

    async def __aexit__(self, *_: object) -> None:
        LOG.append(f"-{self.options.name}")

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        return await self.kit.backends["a"].send(exchange, exchange.request.model)


def pipeline(name: str, *serves: str, fails: bool = False) -> PipelinePlan:
    options = Options(name=f"stage of {name}", fails=fails)
    return PipelinePlan(name, serves, (StagePlan("sends", Sends, options, f"{name}'s stage"),))


def plan(*pipelines: PipelinePlan, **off: str | None) -> Plan:
    config = Config(
        pipelines={"unread": PipelineConfig(stages=("sends",))},
        backends=BackendsConfig(default_backend="a"),
    )
    backends = [BackendPlan(name, Vendor, BackendOptions(), why) for name, why in off.items()]
    return Plan(config, tuple(backends), pipelines, ())


async def opened(plan: Plan) -> Proxy:
    async with open_proxy(plan, HTTP, STORE) as proxy:
        return proxy


async def test_backends_open_before_chains_and_all_close_in_reverse() -> None:
    async with open_proxy(plan(pipeline("p"), pipeline("q"), a=None, b=None), HTTP, STORE):
        assert ["+a", "+b", "+stage of p", "+stage of q"] == LOG
        LOG.clear()
    assert ["-stage of q", "-stage of p", "-b", "-a"] == LOG


async def test_where_a_chain_fails_to_open_all_before_it_closes() -> None:
    broken = plan(pipeline("p"), pipeline("q", fails=True), pipeline("r"), a=None)
    with pytest.raises(ConfigError, match=r"^q's stage does not start: OSError: stage of q$"):
        await opened(broken)
    assert ["+a", "+stage of p", "+stage of q", "-stage of p", "-a"] == LOG


async def test_where_a_backend_fails_to_open_those_before_it_close() -> None:
    broken = plan(pipeline("p"), **{"a": None, "cannot open": None, "c": None})
    with pytest.raises(ConfigError, match=r"^a backend does not start: OSError: cannot open$"):
        await opened(broken)
    assert ["+a", "+cannot open", "-a"] == LOG


def test_a_stage_that_cannot_be_made() -> None:
    options = Options(name="cannot be made")
    broken = PipelinePlan("p", (), (StagePlan("sends", Sends, options, "the one"),))
    with pytest.raises(ConfigError, match=r"^the one does not start: ValueError: cannot be made$"):
        make_proxy(plan(broken, a=None), HTTP, STORE)
    assert [] == LOG


def test_a_backend_that_cannot_be_made() -> None:
    broken = plan(pipeline("p"), **{"a": None, "cannot be made": None})
    with pytest.raises(ConfigError, match="a backend does not start: ValueError: cannot be made"):
        make_proxy(broken, HTTP, STORE)
    assert [] == LOG


async def test_a_backend_that_is_off_is_not_opened_and_the_stages_know_why() -> None:
    proxy = await opened(plan(pipeline("p"), a=None, b="it has no key"))
    assert ["a"] == list(proxy.backends)
    assert "+b" not in LOG
    kit = proxy.pipelines["p"].links[0].stage.kit
    assert ({"b": "it has no key"}, ["a"]) == (kit.off, list(kit.backends))


async def test_stages_and_backends_get_what_surrounds_them() -> None:
    proxy = await opened(plan(pipeline("p"), a=None))
    kit = proxy.pipelines["p"].links[0].stage.kit
    assert kit.http is HTTP
    assert kit.store is STORE
    assert "a" == kit.default_backend
    assert kit.backends["a"].kit.http is HTTP
    assert "stage of p" == proxy.pipelines["p"].links[0].stage.options.name


def named(pipeline: str, **stages: dict[str, str]) -> PipelinePlan:
    """A chain of stages, each of which gives names of models a meaning."""
    plans = (StagePlan(stage, Sends, Options(names=names)) for stage, names in stages.items())
    return PipelinePlan(pipeline, (), tuple(plans))


async def test_each_stage_knows_its_own_name_in_the_file() -> None:
    proxy = await opened(plan(named("p", first={}, second={}), named("q", third={}), a=None))
    names = {
        pipeline.name: [link.stage.kit.stage for link in pipeline.links]
        for pipeline in proxy.pipelines.values()
    }
    assert {"p": ["first", "second"], "q": ["third"]} == names


async def test_every_stage_knows_what_names_mean_in_its_chain_and_in_no_other() -> None:
    chains = (named("p", one={"m": "1"}, two={"m": "2", "n": "3"}), named("q", three={"o": "4"}))
    proxy = await opened(plan(*chains, a=None))
    p, q = (proxy.pipelines[name].links for name in "pq")
    for link in p:  # what stands first comes first
        assert {"m": (Target("a", "1"),), "n": (Target("a", "3"),)} == dict(
            link.stage.kit.named_models
        )
    assert {"o": (Target("a", "4"),)} == dict(q[0].stage.kit.named_models)


async def test_http_and_store_stay_open() -> None:
    http = Mock(spec=aiohttp.ClientSession)
    async with open_proxy(plan(pipeline("p"), a=None), http, STORE):
        pass
    assert [] == http.mock_calls


async def test_a_request_goes_by_its_path_to_its_chain() -> None:
    first, second, third = (f"/{n}/chat/completions" for n in (1, 2, 3))
    made = plan(pipeline("p", first, second), pipeline("q", third, "/v1/messages"), a=None)
    async with open_proxy(made, HTTP, STORE) as proxy:
        names = {path: chain.name for path, chain in proxy.by_path.items()}
        assert {first: "p", second: "p", third: "q", "/v1/messages": "q"} == names
        assert proxy.pipelines["p"] is proxy.by_path[first]
        reply = await proxy.by_path[third](asking(model="m1"))
        assert Head("a", "m1") == reply.head


async def test_a_chain_is_found_by_name_or_is_the_first() -> None:
    proxy = await opened(plan(pipeline("p"), pipeline("q"), a=None))
    assert proxy.pipelines["p"] is proxy.pipeline()
    assert proxy.pipelines["q"] is proxy.pipeline("q")
    with pytest.raises(LookupError, match=r'^no pipeline named "r"; there is p, q$'):
        proxy.pipeline("r")


async def test_the_catalogue_lists_the_backends_that_are_on() -> None:
    async with open_proxy(plan(pipeline("p"), a=None, b="no key", c=None), HTTP, STORE) as proxy:
        assert ["a:x", "c:x"] == [entry.id for entry in await proxy.catalogue.models()]


async def test_the_proxy_keeps_its_plan() -> None:
    made: Any = plan(pipeline("p"), a=None)
    assert made is (await opened(made)).plan


def with_tenants(**own: list[BackendPlan]) -> Plan:
    """A chain `p` for all, one `own` for some, and one `open` for everybody."""
    guarded = PipelinePlan("own", (), (StagePlan("gate", Lets, StageOptions()),))
    made = plan(pipeline("p", "/v1/messages"), guarded, pipeline("open"), a=None, b="no key")
    tenants = {name: TenantConfig() for name in own}
    return replace(made, config=replace(made.config, tenants=tenants), own_backends=own)


class Lets(Gate[StageOptions]):
    async def admit(self, client: Client) -> Caller:
        return Caller("somebody")


def own(name: str, off: str | None = None) -> BackendPlan:
    return BackendPlan(name, Vendor, BackendOptions(), off)


async def test_a_tenants_own_backends_stand_in_the_place_of_everybodys() -> None:
    made = with_tenants(acme=[own("a"), own("b")], other=[own("a", "empty key")], third=[])
    async with open_proxy(made, HTTP, STORE) as proxy:
        assert LOG[:3] == ["+a", "+a", "+b"]
        views = {name: proxy.kit.seen_by(Caller("c", name)) for name in ("acme", "other", "third")}
        shared = proxy.backends["a"]
        assert views["acme"].backends["a"] is not shared
        assert (["a", "b"], {}) == (list(views["acme"].backends), views["acme"].off)
        assert ([], {"b": "no key", "a": "empty key"}) == (
            list(views["other"].backends),
            views["other"].off,
        )
        assert ({"a": shared}, {"b": "no key"}) == (views["third"].backends, views["third"].off)
        assert proxy.kit.seen_by(None) is proxy.kit.seen_by(Caller("c")) is proxy.kit
        # Whoever looks for others of a kind finds all.
        known = set(shared.kit.backends.values())
        assert {shared, *views["acme"].backends.values()} == known
        target = Target("a", "m")
        records = [view.health.of(target) for view in (proxy.kit, views["acme"], views["third"])]
        assert records[0] is records[2] is not records[1]
    assert ["-b", "-a", "-a"] == LOG[-3:]


async def test_each_caller_sees_the_models_it_may_ask() -> None:
    async with open_proxy(with_tenants(acme=[own("b")]), HTTP, STORE) as proxy:

        async def seen(caller: Caller | None) -> list[str]:
            return [entry.id for entry in await proxy.models(caller)]

        assert [["a:x"], ["a:x"]] == [await seen(None), await seen(Caller("c"))]
        assert ["a:x", "b:x"] == await seen(Caller("c", "acme"))
        assert ["b:x"] == await seen(Caller("c", "acme", Grants(backends=("b",))))
        assert [] == await seen(Caller("c", "acme", Grants(models=("y",))))


async def test_a_caller_may_have_a_chain_of_its_own() -> None:
    proxy = await opened(with_tenants(acme=[]))
    usual = proxy.pipeline("p")
    for caller in (None, Caller("c"), Caller("c", "acme", Grants(models=("m",)))):
        assert proxy.chain_for(caller, usual) is usual
    assert proxy.chain_for(Caller("c", "acme", Grants(pipeline="own")), usual).name == "own"


@pytest.mark.parametrize("name", ["gone", "open"])
async def test_a_chain_that_is_gone_or_would_not_know_who_asks_serves_nobody(name: str) -> None:
    proxy = await opened(with_tenants(acme=[]))
    with pytest.raises(Unavailable, match=r"^the chain for this key is not there$"):
        proxy.chain_for(Caller("c", "acme", Grants(pipeline=name)), proxy.pipeline("p"))


async def test_there_are_stored_keys_where_the_file_has_tenants() -> None:
    assert (await opened(with_tenants(acme=[]))).kit.keys is not None
    assert (await opened(with_tenants())).kit.keys is None
