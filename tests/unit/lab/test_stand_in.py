"""What the lab changes in a plan, and what it leaves."""

from collections.abc import Callable
from pathlib import Path

from llm_proxy.backends.anthropic import Anthropic
from llm_proxy.backends.openai import OpenAI
from llm_proxy.backends.options import VendorOptions
from llm_proxy.lab.stand_in import left_out, with_stand_ins
from llm_proxy.load import DEFAULT_FILE, read_plan
from llm_proxy.stages.failover import FailoverOptions
from tests.unit.lab.plans import plan_of

Toml = Callable[[str], Path]


def address(name: str) -> str:
    return f"http://127.0.0.1:9/{name}/v1"


def test_every_vendor_is_on_and_at_the_labs_address(toml: Toml) -> None:
    plan = plan_of(toml)
    assert [backend.off for backend in plan.backends] == ["no api_key", "no api_key"]

    one, two = with_stand_ins(plan, address).backends

    assert (one.backend, two.backend) == (OpenAI, Anthropic)
    assert (one.off, two.off) == (None, None)
    assert isinstance(two.options, VendorOptions)
    assert two.options.api_url == "http://127.0.0.1:9/two/v1"
    assert two.options.why_off() is None
    assert two.options.connect_timeout == 1.0


def test_no_key_of_the_operators_is_used(toml: Toml) -> None:
    text = '[pipelines.a]\nstages = ["dispatch"]\n[backends.v]\ntype = "openai"\napi_key = "own"'
    (*_, vendor) = with_stand_ins(plan_of(toml, text), address).backends
    assert isinstance(vendor.options, VendorOptions)
    assert vendor.options.keys[0] not in ("", "own")


def test_a_backend_that_is_its_own_vendor_becomes_one_over_http(toml: Toml) -> None:
    text = '[pipelines.a]\nstages = ["dispatch"]\n[backends.local]\npace = "1s"'
    (local,) = with_stand_ins(plan_of(toml, text), address).backends
    assert (local.name, local.backend) == ("local", OpenAI)
    assert isinstance(local.options, VendorOptions)
    assert local.options.api_url == address("local")


def test_nobody_is_kept_out(toml: Toml) -> None:
    plan = plan_of(toml)
    (pipeline,) = with_stand_ins(plan, address).pipelines
    assert str(pipeline) == "observe → failover → dispatch"
    assert pipeline.serves == plan.pipelines[0].serves
    assert left_out(plan) == ["auth", "rate_limit"]


def test_stages_of_the_same_kind_are_left_out_under_any_name(toml: Toml) -> None:
    text = (
        '[pipelines.a]\nserves = ["/v1/messages"]\nstages = ["door", "transform", "dispatch"]\n'
        '[pipelines.b]\nserves = ["/v1beta"]\nstages = ["door", "slow", "dispatch"]\n'
        '[stages.door]\nuse = "auth"\n[stages.slow]\nuse = "rate_limit"'
    )
    plan = plan_of(toml, text)
    assert left_out(plan) == ["door", "slow"]
    chains = [str(pipeline) for pipeline in with_stand_ins(plan, address).pipelines]
    assert chains == ["transform → dispatch", "dispatch"]


def test_time_limits_are_shortened(toml: Toml) -> None:
    stood_in = with_stand_ins(plan_of(toml), address)
    failover = stood_in.pipelines[0].stages[1].options
    assert isinstance(failover, FailoverOptions)
    assert (failover.first_event_timeout, failover.total_timeout) == (0.3, 2.0)
    assert stood_in.config.server.request_timeout == 3.0


def test_what_is_not_named_stays() -> None:
    plan = read_plan(DEFAULT_FILE, {})
    stood_in = with_stand_ins(plan, address)
    kept = [stage for stage in plan.pipelines[0].stages if stage.name not in left_out(plan)]
    same = [stage for stage in stood_in.pipelines[0].stages if stage in kept]
    assert [stage.name for stage in kept if stage not in same] == ["failover"]
    assert stood_in.config.backends == plan.config.backends
