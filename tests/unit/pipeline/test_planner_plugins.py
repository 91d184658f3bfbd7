"""Plugins in a file: each defect is told at its place, with the distribution that is at fault."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llm_proxy.load import read_plan, rehearse
from llm_proxy.pipeline.errors import ConfigError
from tests.support.plugins import Plugins

STAGES, BACKENDS = "llm_proxy.stages", "llm_proxy.backends"

HEAD = """\
from llm_proxy.pipeline import Backend, BackendOptions, Stage, StageOptions
class Passes(Stage):
    async def __call__(self, exchange, call_next):
        return await call_next(exchange)
class Answers(Backend):
    async def send(self, exchange, model): ...
    async def models(self): return []
"""

NO_OPTIONS = "class Extra(Passes): Options = dict"

BAD_RULE = """\
class Extra(Passes):
    class Options(StageOptions):
        def problems(self, surroundings): raise KeyError("x")
"""

NO_DISK = """\
class Extra(Passes):
    class Options(StageOptions):
        size: int = 0
    def __init__(self, options, kit): raise OSError("no such disk")
"""

PLAIN = '[pipelines.default]\nstages = ["auth", "dispatch"]\n'
USED = '[pipelines.default]\nstages = ["auth", "extra", "dispatch"]\n'
TABLED = f"{USED}[stages.extra]\nsize = 1\n"

Write = Callable[[str], Path]
Install = Callable[[str], None]


async def problem(path: Path) -> str:
    """The one thing that is wrong."""
    with pytest.raises(ConfigError) as raised:
        await rehearse(read_plan(path, {}))
    (told,) = raised.value.problems
    return told


@pytest.fixture
def stage(plugins: Plugins) -> Install:
    """Installs a distribution whose stage `extra` is the class `Extra` of this text."""

    def install(text: str) -> None:
        plugins.module("extra_things", HEAD + text)
        plugins.install("extra-things", STAGES, {"extra": "extra_things:Extra"})

    return install


@pytest.fixture
def backend(plugins: Plugins) -> Install:
    """Installs a distribution whose backend `extra` is the class `Extra` of this text."""

    def install(text: str) -> None:
        plugins.module("extra_things", HEAD + text)
        plugins.install("extra-things", BACKENDS, {"extra": "extra_things:Extra"})

    return install


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise RuntimeError('boom')", "cannot be loaded: RuntimeError: boom"),
        ("class Extra(Answers): ...", "is no subclass of Stage"),
        ("class Extra(Stage): ...", "is abstract: it must define __call__"),
        (BAD_RULE, "cannot read its options: KeyError: 'x'"),
    ],
)
async def test_a_broken_stage(text: str, why: str, stage: Install, toml: Write) -> None:
    stage(text)
    title = 'pipelines.toml:2: stages.extra: the stage "extra" of extra-things'
    assert await problem(toml(USED)) == f"{title} {why}"


async def test_a_stage_without_options_of_the_right_kind(stage: Install, toml: Write) -> None:
    stage(NO_OPTIONS)
    title = 'pipelines.toml:2: stages.extra: the stage "extra" of extra-things'
    assert (await problem(toml(USED))).startswith(f"{title} cannot read its options: Attr")


async def test_a_backend_without_options_of_the_right_kind(backend: Install, toml: Write) -> None:
    backend("class Extra(Answers): Options = StageOptions")
    title = 'pipelines.toml:3: backends.extra: the backend "extra" of extra-things'
    assert (await problem(toml(f"{PLAIN}[backends.extra]\n"))).startswith(
        f"{title} cannot read its options: AttributeError: "
    )


@pytest.mark.parametrize(("file", "line"), [(USED, 2), (TABLED, 3)])
async def test_a_stage_whose_constructor_fails(
    file: str, line: int, stage: Install, toml: Write
) -> None:
    stage(NO_DISK)
    title = f'pipelines.toml:{line}: stages.extra: the stage "extra" of extra-things'
    assert await problem(toml(file)) == f"{title} does not start: OSError: no such disk"


async def test_a_backend_whose_constructor_fails(backend: Install, toml: Write) -> None:
    backend("class Extra(Answers): __init__ = None")
    title = 'pipelines.toml:3: backends.mine: the backend "extra" of extra-things'
    file = toml(f'{PLAIN}[backends.mine]\ntype = "extra"\n')
    assert (await problem(file)).startswith(f"{title} does not start: TypeError: ")


async def test_a_good_stage(stage: Install, toml: Write) -> None:
    stage("class Extra(Passes): ...")
    plan = read_plan(toml(USED), {})
    await rehearse(plan)
    assert plan.notes == ()


def test_what_nobody_needs_may_be_broken_and_is_noted(plugins: Plugins, toml: Write) -> None:
    plugins.install("a-thing", STAGES, {"a": "json:JSONDecoder"})
    plugins.install("b-thing", BACKENDS, {"b": "json:JSONDecoder"})
    assert read_plan(toml(PLAIN), {}).notes == (
        'installed but not needed: the stage "a" of a-thing is no subclass of Stage',
        'installed but not needed: the backend "b" of b-thing is no subclass of Backend',
    )
