"""A desk for commands to work on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest
from pydantic import TypeAdapter

from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.session_state import NOTHING, SessionState
from llm_proxy.pipeline.stage import Kit
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.commands.builtin import BUILTIN
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call
from tests.support.clock import Clock
from tests.support.sessions import Kept
from tests.support.stages import asking

ROUTES = {"m": (Target("x", "a"), Target("y", "b")), "o": (Target("y", "b"),)}


def kit(routes: Mapping[str, Sequence[Target]] = ROUTES, default: str = "x") -> Kit:
    """Backends `x`, `y` and `yacht` are on, `z` is off; the file has the routes `m` and `o`."""
    return Kit(
        http=Mock(spec=aiohttp.ClientSession),
        store=MemoryStore(Clock()),
        backends={"x": Mock(), "y": Mock(), "yacht": Mock()},
        off={"z": "it has no key"},
        default_backend=default,
        named_models=routes,
    )


def desk(
    state: SessionState = NOTHING,
    *,
    exchange: Exchange | None = None,
    session: Kept | None = None,
    prefix: str = "!/",
    **of: Any,
) -> Desk:
    """A desk in a session with that state, with all built-in commands; `of` goes to its kit."""
    kept = session or Kept(state)
    return _desk(replace(exchange or asking(), session=kept.session), prefix, **of)


def desk_without_session() -> Desk:
    return _desk(asking(), "!/")


def _desk(exchange: Exchange, prefix: str, **of: Any) -> Desk:
    commands: dict[str, Command] = {name: command() for name, command in BUILTIN.items()}
    return Desk(exchange, kit(**of), commands, prefix)


async def run(at: Desk, name: str, /, *args: str, **options: str) -> str:
    """What a command answers."""
    return await at.commands[name].run(Call(name, args, options), at)


async def refused(at: Desk, name: str, /, *args: str, **options: str) -> str:
    """Why a command is not carried out; it has changed nothing."""
    before = at.state
    with pytest.raises(CommandError) as caught:
        await run(at, name, *args, **options)
    assert at.state is before
    return str(caught.value)


def stored(state: SessionState) -> SessionState:
    """The state as it is read after it was stored."""
    adapter = TypeAdapter(SessionState)
    return adapter.validate_json(adapter.dump_json(state))
