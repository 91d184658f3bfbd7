"""Commands of other distributions: each defect is told with the distribution that is at fault."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llm_proxy.load import read_plan
from llm_proxy.pipeline.errors import ConfigError
from llm_proxy.stages.commands.catalogue import Catalogue
from tests.support.plugins import Plugins

GROUP = "llm_proxy.commands"

HEAD = """\
from llm_proxy.stages.commands import Command
class Good(Command):
    name = "extra"
    async def run(self, call, desk): return "done"
"""

NO_DISK = """\
class Extra(Good):
    def __init__(self): raise KeyError("no such disk")
"""

TITLE = 'the command "extra" of extra-things'

FILE = '[pipelines.default]\nstages = ["session", "commands", "dispatch"]\n'

Install = Callable[[str], None]


@pytest.fixture
def command(plugins: Plugins) -> Install:
    """Installs a distribution whose command `extra` is the class `Extra` of this text."""

    def install(text: str) -> None:
        plugins.module("extra_things", HEAD + text)
        plugins.install("extra-things", GROUP, {"extra": "extra_things:Extra"})

    return install


def test_a_good_one(command: Install) -> None:
    command("class Extra(Good): ...")
    catalogue = Catalogue()
    assert catalogue.problems == []
    assert type(catalogue.commands["extra"]).__name__ == "Extra"
    assert {"help", "extra"} <= catalogue.commands.keys()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import sys; sys.exit(1)", "cannot be loaded: SystemExit: 1"),
        ("class Extra: ...", "is no subclass of Command"),
        ("class Extra(Command): ...", "is abstract: it must define run"),
        (NO_DISK, "cannot be made: KeyError: 'no such disk'"),
        ("class Extra(Good): name = 'other'", 'has another name in its class, "other"'),
    ],
)
def test_a_broken_one(text: str, why: str, command: Install) -> None:
    command(text)
    catalogue = Catalogue()
    assert catalogue.problems == [((), f"{TITLE} {why}")]
    assert "extra" not in catalogue.commands


@pytest.mark.parametrize("name", ["Extra", "ex_tra", "1", "ex tra"])
def test_a_name_that_cannot_be_typed(name: str, plugins: Plugins) -> None:
    plugins.module("extra_things", f"{HEAD}class Extra(Good): name = {name!r}")
    plugins.install("extra-things", GROUP, {name: "extra_things:Extra"})
    title = f'the command "{name}" of extra-things'
    why = f'cannot be named "{name}": small letters, digits and "-"'
    assert Catalogue().problems == [((), f"{title} {why}")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("class Extra(Good): name = 'help'", 'has the name of another one, "help"'),
        ("class Extra(Good): name = 'Help'", 'cannot be named "Help": small letters, digits'),
        (
            "class Extra(Command):\n    async def run(self, call, desk): ...",
            'cannot be named "": small letters, digits',
        ),
    ],
)
def test_a_broken_one_of_the_file(text: str, why: str, plugins: Plugins) -> None:
    plugins.module("extra_things", HEAD + text)
    ((place, problem),) = Catalogue(["extra_things:Extra"]).problems
    assert place == ("more", 0)
    assert problem.startswith(f'the command "extra_things:Extra" {why}')


def test_one_with_the_name_of_a_built_in_command(plugins: Plugins) -> None:
    plugins.module("extra_things", HEAD)
    plugins.install("extra-things", GROUP, {"help": "extra_things:Good"})
    catalogue = Catalogue()
    assert catalogue.problems == [
        ((), 'the command "help" is built in, and extra-things brings another of that name')
    ]


@pytest.mark.parametrize(("more", "line"), [("", 2), ('[stages.commands]\nprefix = "!"\n', 3)])
def test_a_broken_one_is_told_where_the_file_has_the_stage_of_commands(
    more: str, line: int, command: Install, toml: Callable[[str], Path]
) -> None:
    command("class Extra: ...")
    with pytest.raises(ConfigError) as raised:
        read_plan(toml(FILE + more), {})
    assert raised.value.problems == [
        f"pipelines.toml:{line}: stages.commands: {TITLE} is no subclass of Command"
    ]


def test_a_broken_one_that_is_disabled_does_no_harm(
    command: Install, toml: Callable[[str], Path]
) -> None:
    command("class Extra: ...")
    assert read_plan(toml(f'{FILE}[stages.commands]\ndisabled = ["extra"]\n'), {})


def test_a_broken_one_is_nothing_to_a_chain_without_commands(
    command: Install, toml: Callable[[str], Path]
) -> None:
    command("class Extra: ...")
    plan = read_plan(toml('[pipelines.default]\nstages = ["auth", "dispatch"]\n'), {})
    assert plan.notes == ()
