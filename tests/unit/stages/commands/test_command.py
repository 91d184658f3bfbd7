"""What a command is, and the desk it works on."""

from dataclasses import replace

import pytest

from llm_proxy.pipeline.session_state import NOTHING, Account, SessionState, Totals
from llm_proxy.stages.commands.builtin import BUILTIN
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call, parse_commands
from tests.support.sessions import Kept
from tests.unit.stages.commands.desks import desk, desk_without_session

NO_SESSION = r"^nothing can be remembered: this chain has no session stage$"
SET = SessionState("x:a", params={"seed": 7})


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
    for way in one.usage("!/").split(" or "):
        [call] = parse_commands(way.strip("`"), "!/").calls
        assert isinstance(call, Call)
        assert call.name == command.name
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
    session = Kept(SET)
    at = desk(session=session)
    at.remember(model="y:b")
    at.remember(project="p")
    assert at.state == replace(SET, model="y:b", project="p")
    assert session.states == [SET]
    exchange = await at.settle()
    assert session.states == [SET, at.state]
    assert exchange.session_state == at.state


async def test_only_what_was_changed_is_written() -> None:
    session = Kept(SET)
    at = desk(session=session)
    at.remember(model="y:b")
    session.states.append(replace(SET, oneoff="x:c"))  # by another request meanwhile
    await at.settle()
    assert session.states[-1] == replace(SET, model="y:b", oneoff="x:c")


async def test_to_forget_takes_back_what_was_changed_before_and_not_what_is_after() -> None:
    session = Kept(SET)
    at = desk(session=session)
    at.remember(model="y:b")
    at.forget()
    assert at.state == NOTHING
    at.remember(project="p")
    exchange = await at.settle()
    assert session.states == [SET, NOTHING, SessionState(project="p")]
    assert exchange.session_state == SessionState(project="p")


async def test_where_nothing_is_changed_nothing_is_written() -> None:
    session = Kept(SET)
    assert (await desk(session=session).settle()).session_state == SET
    assert session.states == [SET]


async def test_the_account_of_a_forgotten_session_is_empty() -> None:
    session = Kept(SET)
    session.account = Account(Totals(3))
    at = desk(session=session)
    assert await at.account() == Account(Totals(3))
    at.forget()
    assert await at.account() == Account()
    assert session.account == Account(Totals(3))
    await at.settle()
    assert session.account == Account()


async def test_without_a_session_nothing_can_be_changed() -> None:
    at = desk_without_session()
    with pytest.raises(CommandError, match=NO_SESSION):
        at.remember(model="m")
    with pytest.raises(CommandError, match=NO_SESSION):
        at.forget()
    with pytest.raises(CommandError, match=NO_SESSION):
        await at.account()
    assert at.state == NOTHING
    assert await at.settle() is at.exchange
