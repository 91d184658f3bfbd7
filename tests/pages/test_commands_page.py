"""The page about commands tells the truth."""

import re
import tomllib
from typing import Any
from unittest.mock import Mock

from llm_proxy.stages.commands import Call, Command, Commands, Desk
from llm_proxy.stages.commands.builtin import BUILTIN
from llm_proxy.stages.commands.parser import parse_commands
from llm_proxy.stages.commands.stage import CommandsOptions
from tests.pages.commands_page import PAGE, page

TEXT = PAGE.read_text(encoding="utf-8")


def block(kind: str) -> str:
    """The first fenced block of its kind."""
    found = re.search(rf"^```{kind}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def test_it_is_what_the_docstrings_say() -> None:
    assert page() == TEXT, "run `make docs`"


def test_each_command_has_a_row() -> None:
    rows = TEXT.partition("|---|---|\n")[2].splitlines()
    assert len(rows) == len(BUILTIN)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 3 for row in rows)


def test_its_example_is_two_commands_and_a_question() -> None:
    parsed = parse_commands(block(""), "!/")
    assert parsed.calls == (
        Call("model", ("anthropic:claude-opus-5",)),
        Call("set", (), {"temperature": "0.2", "system_suffix": "Be brief, please."}),
    )
    assert parsed.rest == "Why is the sky blue?\n"


def test_it_shows_every_option() -> None:
    options = tomllib.loads(block("toml"))["stages"]["commands"]
    assert list(CommandsOptions.model_fields) == list(options)
    assert Commands.Options.model_validate(options).model_dump(mode="json") == options


async def test_its_command_is_one() -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 - our own page
    shout: Command = names["Shout"]()
    assert shout.usage("!/") == "`!/shout(text)`"
    assert await shout.run(Call("shout", ("hi", "you")), Mock(spec=Desk)) == "HI YOU"
