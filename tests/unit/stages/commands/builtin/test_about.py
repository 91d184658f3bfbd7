"""Commands about the proxy itself."""

from importlib.metadata import PackageNotFoundError, version
from unittest.mock import Mock

import pytest

from llm_proxy.stages.commands.builtin import BUILTIN, about
from tests.unit.stages.commands.desks import desk, refused, run

NUMBER = version("llm-interactive-proxy")


async def test_help_has_a_line_for_each_command_that_may_be_used() -> None:
    at = desk()
    lines = (await run(at, "help")).split("\n")
    assert len(lines) == len(BUILTIN)
    assert lines[1] == "- `!/hello`: Says that the proxy is there."
    assert lines[3] == (
        "- `!/model` or `!/model(name)`: Shows or sets the model this conversation talks to, "
        "whatever the client asks for."
    )
    at.commands = {name: at.commands[name] for name in ("help", "pwd")}
    assert len((await run(at, "help")).split("\n")) == 2


@pytest.mark.parametrize("name", ["help", "!/help", "HELP"])
async def test_help_explains_one_command(name: str) -> None:
    assert await run(desk(), "help", name) == (
        "`!/help` or `!/help(command)`\n\nLists the commands that you may use, or explains one."
    )


async def test_help_takes_a_name_as_it_may_be_typed() -> None:
    pages = [await run(desk(), "help", name) for name in ("route-list", "!/Route_List")]
    assert pages[0] == pages[1]


async def test_help_is_written_with_the_prefix_of_the_file() -> None:
    at = desk(prefix="$")
    assert (await run(at, "help")).startswith("- `$help` or `$help(command)`: Lists")
    page = await run(at, "help", "$unset")
    assert page.startswith("`$unset(temperature)` or `$unset(model)` or `$unset`\n\n")
    assert "!/" not in "".join([await run(at, "help", name) for name in BUILTIN])


async def test_help_for_a_mistyped_or_denied_command() -> None:
    at = desk()
    expected = "unknown command !/modle, did you mean !/model?"
    assert await refused(at, "help", "modle") == expected
    at.commands = {"help": at.commands["help"]}
    assert await refused(at, "help", "model") == "unknown command !/model; !/help lists them"


async def test_hello_tells_the_version_and_where_to_look() -> None:
    at = desk()
    hello = f"Hello, this is LLM Interactive Proxy {NUMBER}."
    assert await run(at, "hello") == f"{hello} !/help lists commands."
    at.commands = {"hello": at.commands["hello"]}
    assert await run(at, "hello") == hello


async def test_version() -> None:
    assert await run(desk(), "version") == f"LLM Interactive Proxy {NUMBER}"


async def test_a_proxy_that_is_not_installed_has_no_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(about, "version", Mock(side_effect=PackageNotFoundError))
    monkeypatch.setattr(about, "_version", about._version.__wrapped__)
    assert await run(desk(), "version") == "LLM Interactive Proxy (not installed)"


@pytest.mark.parametrize("name", ["hello", "version"])
async def test_they_take_nothing(name: str) -> None:
    assert await refused(desk(), name, "x") == f"{name} takes nothing; see !/help({name})"
