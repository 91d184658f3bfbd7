"""What a command is, and the desk it works on."""

from dataclasses import replace

import pytest

from llm_proxy.pipeline.session_state import NOTHING, SessionState, Totals
from llm_proxy.stages.commands.builtin import BUILTIN
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call
from tests.support.stages import asking
from tests.unit.stages.commands.desks import Remembered, desk, desk_without_session, kit

NO_SESSION = r"^nothing is remembered here: this chain has no session stage$"
SET = SessionState("x:a", params={"seed": 7}, totals=Totals(3))


class Shout(Command):
    """shout or shout(text, loudly)
    Says it
    aloud. And only once, unlike `!/echo`."""

    name = "shout"

    async def run(self, call: Call, desk: Desk) -> str:
        return "!"


class Silent(Shout):
    name = "silent"


def test_a_docstring_is_the_page_of_a_command() -> None:
    shout = Shout()
    assert shout.usage("!/") == "`!/shout` or `!/shout(text, loudly)`"
    assert shout.summary("!/") == "Says it aloud."
    assert shout.about("!/") == "Says it aloud. And only once, unlike `!/echo`."


def test_a_page_has_the_prefix_of_the_file() -> None:
    assert Shout().usage("$") == "`$shout` or `$shout(text, loudly)`"
    assert Shout().about("$") == "Says it aloud. And only once, unlike `$echo`."


def test_a_command_without_a_docstring_has_its_name_for_a_page() -> None:
    silent = Silent()
    assert (silent.usage("!/"), silent.summary("!/"), silent.about("!/")) == ("`!/silent`", "", "")


@pytest.mark.parametrize("command", BUILTIN.values(), ids=list(BUILTIN))
def test_every_built_in_command_explains_itself(command: type[Command]) -> None:
    one = command()
    ways = one.usage("!/").split(" or ")
    assert all(way.startswith(f"`!/{command.name}") and way.endswith("`") for way in ways)
    assert one.about("!/").endswith(".")
    assert one.about("!/").startswith(one.summary("!/"))
    assert len(one.summary("!/")) < 120


def test_what_is_built_in_has_one_name_each() -> None:
    assert list(BUILTIN) == [command.name for command in BUILTIN.values()]
    assert sorted(BUILTIN) == [
        *("backend", "hello", "help", "limits", "loop-detection", "model", "new", "oneoff"),
        *("project", "project-dir", "pwd", "route-append", "route-clear", "route-list"),
        *("route-prepend", "set", "status", "unset", "usage", "version", "why"),
    ]


async def test_what_is_remembered_is_seen_by_the_next_command_and_kept_when_settled() -> None:
    session = Remembered(SET)
    at = Desk(session(asking()), kit(), {}, "!/")
    at.remember(model="y:b")
    at.remember(project="p")
    assert at.state == replace(SET, model="y:b", project="p")
    assert session.state == SET
    exchange = await at.settle()
    assert session.state == at.state == exchange.session_state


async def test_only_what_was_changed_is_written() -> None:
    session = Remembered(SET)
    at = Desk(session(asking()), kit(), {}, "!/")
    at.remember(model="y:b")
    session.state = replace(SET, totals=Totals(4))  # another request has ended meanwhile
    await at.settle()
    assert session.state == replace(SET, model="y:b", totals=Totals(4))


async def test_to_forget_takes_back_what_was_changed_before_and_not_what_is_after() -> None:
    session = Remembered(SET)
    at = Desk(session(asking()), kit(), {}, "!/")
    at.remember(model="y:b")
    at.forget()
    assert at.state == NOTHING
    at.remember(project="p")
    exchange = await at.settle()
    assert session.state == exchange.session_state == SessionState(project="p")


async def test_where_nothing_is_changed_nothing_is_written() -> None:
    at = desk(SET)
    assert (await at.settle()).session_state == SET


async def test_without_a_session_nothing_can_be_changed() -> None:
    at = desk_without_session()
    with pytest.raises(CommandError, match=NO_SESSION):
        at.remember(model="m")
    with pytest.raises(CommandError, match=NO_SESSION):
        at.forget()
    assert at.state == NOTHING
    assert await at.settle() is at.exchange
