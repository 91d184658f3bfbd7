"""Which commands there are, and who may use which."""

from importlib.metadata import EntryPoint
from typing import Any
from unittest.mock import Mock

import pytest

from llm_proxy.pipeline import registry
from llm_proxy.stages.commands.builtin import BUILTIN
from llm_proxy.stages.commands.catalogue import ALL, Catalogue, may_use
from llm_proxy.stages.commands.command import Command, Desk
from llm_proxy.stages.commands.parser import Call

HERE = __name__


class Mine(Command):
    """mine
    Is mine."""

    name = "mine"

    async def run(self, call: Call, desk: Desk) -> str:
        return "mine"


class LikeHelp(Mine):
    name = "help"


class Loud(Mine):
    name = "SHOUT it"


class Nameless(Mine):
    name = ""


class Broken(Mine):
    def __init__(self) -> None:
        raise OSError("no disk")


class Abstract(Command):
    name = "abstract"


class NoCommand:
    name = "none"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(**points: str) -> None:
        found = [
            EntryPoint(name.replace("_", "-"), f"{HERE}:{attribute}", "llm_proxy.commands")
            for name, attribute in points.items()
        ]
        monkeypatch.setattr(registry, "entry_points", Mock(return_value=found))

    return install


def test_what_is_built_in_is_there() -> None:
    catalogue = Catalogue()
    assert list(catalogue.commands)[: len(BUILTIN)] == list(BUILTIN)
    assert catalogue.problems == []


def test_more_commands_have_the_names_that_their_classes_say() -> None:
    catalogue = Catalogue([f"{HERE}:Mine"])
    assert isinstance(catalogue.commands["mine"], Mine)
    assert catalogue.problems == []


def test_an_installed_command_has_the_name_of_its_entry_point(installed: Any) -> None:
    installed(my_own="Mine")
    catalogue = Catalogue()
    assert isinstance(catalogue.commands["my-own"], Mine)
    assert catalogue.problems == []


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("LikeHelp", 'there are two commands named "help"'),
        ("Loud", '"SHOUT it" is no name for a command: small letters, digits and "-"'),
        ("Nameless", '"" is no name for a command: small letters, digits and "-"'),
        ("Broken", f"the command \"{HERE}:Broken\" cannot be made: OSError('no disk')"),
        ("Abstract", f'"{HERE}:Abstract" is abstract: a command must define its methods'),
        ("NoCommand", f'"{HERE}:NoCommand" is not a command: it must be a Command'),
    ],
)
def test_a_broken_command_is_told_with_its_place(attribute: str, expected: str) -> None:
    catalogue = Catalogue([f"{HERE}:Mine", f"{HERE}:{attribute}"])
    assert catalogue.problems == [(("more", 1), expected)]
    assert list(catalogue.commands)[-1] == "mine"
    assert type(catalogue.commands["help"]) is BUILTIN["help"]


def test_a_command_that_cannot_be_found_is_told_and_hides_no_other() -> None:
    catalogue = Catalogue(["nowhere_at_all:X", "hepl", f"{HERE}:Mine"])
    [nowhere, mistyped] = catalogue.problems
    assert nowhere == (
        ("more", 0),
        "cannot load \"nowhere_at_all:X\": No module named 'nowhere_at_all'",
    )
    assert mistyped == (("more", 1), 'no command named "hepl"; did you mean "help"?')
    assert "mine" in catalogue.commands


def test_the_same_command_twice_is_told() -> None:
    catalogue = Catalogue([f"{HERE}:Mine", f"{HERE}:Mine"])
    assert catalogue.problems == [(("more", 1), 'there are two commands named "mine"')]


def test_an_installed_command_that_has_a_built_in_name_is_told(installed: Any) -> None:
    installed(help="Mine")
    [(place, message)] = Catalogue().problems
    assert place == ()
    assert message.startswith('the command "help" is built in, and ')


def test_names_of_no_command_are_told_with_their_places() -> None:
    catalogue = Catalogue()
    names = ["set", "modle", "xyzzy", ALL]
    assert list(catalogue.unknown(names, ("disabled",))) == [
        (("disabled", 1), 'no command named "modle"; did you mean "model"?'),
        (("disabled", 2), 'no command named "xyzzy"'),
        (("disabled", 3), 'no command named "*"'),
    ]
    assert [place for place, _ in catalogue.unknown(names, ("denied", "k"), ALL)] == [
        ("denied", "k", 1),
        ("denied", "k", 2),
    ]


DENIED = {"key-1*": ["set", "model"], "anonymous 10.*": [ALL], "*-2": ["help"], "": ["why"]}


@pytest.mark.parametrize(
    ("caller", "missing"),
    [
        ("key-7", set[str]()),
        ("key-1a", {"set", "model"}),
        ("key-1-2", {"set", "model", "help"}),
        ("KEY-1", set[str]()),
        ("anonymous 10.0.0.1", set(BUILTIN)),
        ("anonymous", set[str]()),
        ("", {"why"}),
    ],
)
def test_callers_may_be_denied_commands(caller: str, missing: set[str]) -> None:
    commands = Catalogue().commands
    assert commands.keys() - may_use(commands, DENIED, caller).keys() == missing
