"""What docs/plugins.md shows is what there is."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from llm_proxy.load import load, read_plan
from llm_proxy.pipeline.errors import ConfigError
from tests.support.plugins import Plugins
from tests.support.stages import asking, text_of

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "examples/plugin"
GUIDE = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")

CHAIN = '[pipelines.default]\nstages = ["auth", "failover", "dispatch"]\n'


def block(beginning: str) -> str:
    """The one block of code that begins so."""
    (found,) = re.findall(rf"(?ms)^```\w*\n({re.escape(beginning)}.*?)^```$", GUIDE)
    return str(found)


def test_it_shows_every_file_of_the_example() -> None:
    shown = dict(re.findall(r"(?ms)^`([^`\n]+)`\n\n```\w+\n(.*?)^```$", GUIDE))
    files = [*PLUGIN.rglob("*.py"), *PLUGIN.rglob("*.toml")]
    assert shown == {str(f.relative_to(PLUGIN)): f.read_text(encoding="utf-8") for f in files}


async def test_the_backend(plugins: Plugins, toml: Callable[[str], Path]) -> None:
    entry_points = tomllib.loads(block('[project.entry-points."llm_proxy.backends"]'))
    ((group, points),) = entry_points["project"]["entry-points"].items()
    plugins.module("llm_proxy_clock", block("import time"))
    plugins.install("llm-proxy-clock", group, points)

    async with load(toml(CHAIN + block("[backends.my_clock]")), environment={}) as chain:
        reply = await chain(asking(model="my_clock:now"))
        assert re.fullmatch(r"It is \d\d:\d\d\.", text_of(await reply.collect()))


def test_what_is_said_of_a_broken_plugin(plugins: Plugins) -> None:
    commands = "from llm_proxy.stages.commands import Command\nclass Brief(Command): ...\n"
    plugins.module("office_commands", commands)
    plugins.module("office_stages", "import holidays\n")
    plugins.install("llm-proxy-office", "llm_proxy.commands", {"brief": "office_commands:Brief"})
    plugins.install("llm-proxy-office", "llm_proxy.stages", {"office_hours": "office_stages:Hours"})
    with pytest.raises(ConfigError) as raised:
        read_plan(PLUGIN / "pipelines.toml", {})
    assert str(raised.value) + "\n" == block("pipelines.toml:2")


def test_the_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", GUIDE)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


@pytest.mark.parametrize("group", ["commands", "stages", "backends"])
def test_the_groups_are_named(group: str) -> None:
    assert f"`llm_proxy.{group}`" in GUIDE
