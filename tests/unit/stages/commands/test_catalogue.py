"""Which commands there are, and who may use which; `test_catalogue_plugins` has broken ones."""

import pytest

from llm_proxy.stages.commands.builtin import BUILTIN
from llm_proxy.stages.commands.catalogue import ALL, Catalogue, may_use
from llm_proxy.stages.commands.command import Command, Desk
from llm_proxy.stages.commands.parser import Call

MINE = f"{__name__}:Mine"


class Mine(Command):
    """mine
    Is mine."""

    name = "mine"

    async def run(self, call: Call, desk: Desk) -> str:
        return "mine"


def test_what_is_built_in_is_there_in_the_order_of_help() -> None:
    catalogue = Catalogue()
    assert list(catalogue.commands)[: len(BUILTIN)] == list(BUILTIN)
    assert catalogue.problems == []


def test_more_commands_have_the_names_that_their_classes_say() -> None:
    catalogue = Catalogue([MINE])
    assert isinstance(catalogue.commands["mine"], Mine)
    assert catalogue.problems == []


def test_one_that_cannot_be_found_is_told_and_hides_no_other() -> None:
    catalogue = Catalogue(["nowhere_at_all:X", "hepl", MINE])
    [nowhere, mistyped] = catalogue.problems
    assert nowhere[0] == ("more", 0)
    assert nowhere[1].startswith('the command "nowhere_at_all:X" cannot be loaded: ')
    assert mistyped == (("more", 1), 'no command named "hepl"; did you mean "help"?')
    assert "mine" in catalogue.commands


def test_the_same_command_twice_is_told() -> None:
    [(place, message)] = Catalogue([MINE, MINE]).problems
    assert place == ("more", 1)
    assert message.endswith('has the name of another one, "mine"')


def test_names_of_no_command_are_told_with_their_places() -> None:
    catalogue = Catalogue(disabled=["set"])
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
