"""The command and the stage, without a server."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import Mock

import pytest
from llm_proxy_office.brief import WISH, Brief
from llm_proxy_office.office_hours import OfficeHours, OfficeHoursOptions

from llm_proxy.pipeline import ChatRequest, Exchange, Head, Kit, Message, Reply, SessionState, Text
from llm_proxy.pipeline.errors import Unavailable
from llm_proxy.pipeline.events import End, Finish, TextDelta
from llm_proxy.stages.commands import Call, CommandError, Desk

KIT = Kit(http=Mock(), store=Mock())
ASKED = Exchange.of(ChatRequest("any-model", [Message("user", (Text("Hello!"),))]))


async def answer(_exchange: Exchange) -> Reply:
    """The rest of the chain."""
    return Reply.of(Head("local", "any-model"), [TextDelta("Hi."), Finish("stop"), End()])


def ask_at(day: int, hour: int, minute: int = 0) -> Reply:
    """Ask at a time of June 2026, which begins with a Monday."""
    now = datetime(2026, 6, day, hour, minute, tzinfo=UTC)
    stage = OfficeHours(OfficeHoursOptions(), KIT, now=lambda _zone: now)
    return asyncio.run(stage(ASKED, answer))


@pytest.mark.parametrize(("hour", "minute"), [(9, 0), (16, 59)])
def test_open(hour: int, minute: int) -> None:
    assert asyncio.run(ask_at(1, hour, minute).collect())[0] == TextDelta("Hi.")


@pytest.mark.parametrize(
    ("day", "hour", "hours"), [(1, 8, 1), (1, 17, 16), (5, 17, 64), (6, 9, 48)]
)
def test_closed(day: int, hour: int, hours: int) -> None:
    with pytest.raises(Unavailable, match=r"the office opens on .*day at 09:00 UTC") as refused:
        ask_at(day, hour)
    assert refused.value.retry_after == hours * 3600


@pytest.fixture
def desk() -> Desk:
    """In a session that remembers nothing yet."""
    return Desk(replace(ASKED, session=Mock(state=SessionState())), KIT, {}, "!/")


def test_brief(desk: Desk) -> None:
    said = asyncio.run(Brief().run(Call("brief"), desk))
    assert said == "any-model answers in one sentence from now on."
    assert desk.state.system_suffix == WISH

    asyncio.run(Brief().run(Call("brief", ("off",)), desk))
    assert desk.state.system_suffix is None


@pytest.mark.parametrize("wrong", ["off", "on"])
def test_what_cannot_be_done(wrong: str, desk: Desk) -> None:
    with pytest.raises(CommandError):
        asyncio.run(Brief().run(Call("brief", (wrong,)), desk))
