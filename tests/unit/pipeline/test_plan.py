"""From a good file to a plan."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llm_proxy.pipeline.backend import BackendOptions
from llm_proxy.pipeline.plan import BackendPlan
from llm_proxy.pipeline.stage import StageOptions
from tests.unit.pipeline.planning import (
    DEFAULT,
    AuthOptions,
    Dispatch,
    Limit,
    LimitOptions,
    Local,
    Vendor,
    VendorOptions,
    plan,
)

Write = Callable[[str], Path]


def test_the_least_file(toml: Write) -> None:
    made = plan(toml(DEFAULT))
    assert (BackendPlan("local", Local, BackendOptions(), None),) == made.backends
    [pipeline] = made.pipelines
    paths = ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1beta")
    assert ("default", paths) == (pipeline.name, pipeline.serves)
    assert [("dispatch", Dispatch, StageOptions())] == [
        (s.name, s.stage, s.options) for s in pipeline.stages
    ]
    assert ('the chain "default" lets everybody in',) == made.notes
    assert "development" == made.config.environment


def test_stages_stand_in_the_order_of_the_list_with_the_options_of_their_tables(
    toml: Write,
) -> None:
    [pipeline] = plan(
        toml(
            '[pipelines.default]\nstages = ["auth", "plain", "rate_limit", "dispatch"]\n'
            "[stages.rate_limit]\ndefault_limit = 5\n[stages.auth]\nkey = 'k'\n"
        )
    ).pipelines
    assert "auth → plain → rate_limit → dispatch" == str(pipeline)
    assert [
        AuthOptions(key="k"),
        StageOptions(),
        LimitOptions(default_limit=5),
        StageOptions(),
    ] == [stage.options for stage in pipeline.stages]


def test_use_makes_a_second_instance_with_its_own_options(toml: Write) -> None:
    [pipeline] = plan(
        toml(
            '[pipelines.default]\nstages = ["auth", "rate_limit", "burst", "dispatch"]\n'
            '[stages.burst]\nuse = "rate_limit"\ndefault_limit = 5\n'
        )
    ).pipelines
    assert (
        [("rate_limit", Limit, 60), ("burst", Limit, 5)]
        == [
            (stage.name, stage.stage, stage.options.default_limit)  # type: ignore[attr-defined]
            for stage in pipeline.stages[1:3]
        ]
    )


def test_a_stage_may_stand_twice(toml: Write) -> None:
    [pipeline] = plan(
        toml('[pipelines.default]\nstages = ["plain", "plain", "dispatch"]\n')
    ).pipelines
    assert "plain → plain → dispatch" == str(pipeline)


def test_pipelines_share_the_tables_of_the_stages(toml: Write) -> None:
    made = plan(
        toml(
            '[pipelines.a]\nstages = ["auth", "dispatch"]\n[pipelines.b]\nserves = []\n'
            'stages = ["auth", "plain", "dispatch"]\n[stages.auth]\nkey = "k"\n'
        )
    )
    assert ["auth → dispatch", "auth → plain → dispatch"] == [str(p) for p in made.pipelines]
    for pipeline in made.pipelines:
        assert AuthOptions(key="k") == pipeline.stages[0].options


MODULE = """
from llm_proxy.pipeline import Stage, StageOptions

class Options(StageOptions):
    size: int = 1

class Mine(Stage):
    Options = Options
    async def __call__(self, exchange, call_next):
        return await call_next(exchange)
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with a stage `Mine`."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "plan_mine.py").write_text(MODULE)
    return "plan_mine"


@pytest.mark.parametrize(
    ("chain", "table", "size"),
    [
        ("plan_mine:Mine", "", 1),
        ("plan_mine:Mine", '[stages."plan_mine:Mine"]\nsize = 2\n', 2),
        ("short", '[stages.short]\nuse = "plan_mine:Mine"\nsize = 3\n', 3),
    ],
)
@pytest.mark.usefixtures("mine")
def test_a_stage_of_ones_own(chain: str, table: str, size: int, toml: Write) -> None:
    [pipeline] = plan(
        toml(f'[pipelines.default]\nstages = ["{chain}", "dispatch"]\n{table}')
    ).pipelines
    stage = pipeline.stages[0]
    assert (chain, "Mine", size) == (stage.name, stage.stage.__name__, stage.options.size)  # type: ignore[attr-defined]


def test_backends_have_a_type_or_their_name_for_it(toml: Write) -> None:
    made = plan(
        toml(
            '[backends]\ndefault_backend = "vllm"\n[backends.openai]\napi_key = "a"\n'
            f'[backends.vllm]\ntype = "openai"\napi_key = "b"\n{DEFAULT}'
        )
    )
    assert (
        BackendPlan("openai", Vendor, VendorOptions(api_key="a"), None),
        BackendPlan("vllm", Vendor, VendorOptions(api_key="b"), None),
    ) == made.backends


def test_a_backend_that_is_off_is_no_problem_and_noted(toml: Write) -> None:
    made = plan(toml(f'{DEFAULT}[backends.openai]\n[stages.route]\nto = ["openai"]\n'))
    assert [None, "it has no key"] == [backend.off for backend in made.backends]
    assert 'backend "openai" is off: it has no key' == made.notes[0]


def test_a_chain_serves_the_paths_of_all_dialects(toml: Write) -> None:
    paths = ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1beta")
    made = plan(toml(f"{DEFAULT}serves = {list(paths)}\n"))
    assert paths == made.pipelines[0].serves
    assert not [note for note in made.notes if "is not served" in note]
