"""Commands that tell what is set, used and left, and how a request went."""

import pytest

from llm_proxy.pipeline.limits import LIMITS, Limit
from llm_proxy.pipeline.session_state import Account, LastRequest, SessionState, Totals
from llm_proxy.stages.commands.command import Desk
from tests.support.sessions import Kept
from tests.support.stages import asking
from tests.unit.stages.commands.desks import desk, desk_without_session, refused, run

LAST = LastRequest(
    id="r1",
    model="m",
    outcome="complete",
    seconds=1.23456,
    stages=(
        ("auth", 0.00012, ("let key-1 in",)),
        ("dispatch", 0.5, ()),
        ("rules", 0.1, ("a", "b")),
    ),
    attempts=(("x:a", "503: down", 0.25), ("y:b", "ok", 1.0)),
    warnings=("dropped seed", "dropped stop"),
)


def come_to(account: Account) -> Desk:
    session = Kept()
    session.account = account
    return desk(session=session)


async def test_status_where_nothing_is_set() -> None:
    assert await run(desk(), "status") == (
        "- session: s\n"
        "- model: as the client asks\n"
        "- backend: as the model says\n"
        "- parameters: as the client asks\n"
        "- loop detection: as the file says\n"
        "- project: not set\n"
        "- folder: not set"
    )


async def test_status_tells_everything_that_is_set() -> None:
    state = SessionState(
        model="x:a",
        backend="y",
        oneoff="x:c",
        params={"temperature": 0.5, "seed": 7},
        system_suffix="Be brief.\nBe kind.",
        routes={"m": ("x:a",), "o": ()},
        loop_detection="off",
        project="p",
        project_dir="/srv",
    )
    assert await run(desk(state), "status") == (
        "- session: s\n"
        "- model: x:a\n"
        "- backend: y\n"
        "- next request: x:c\n"
        "- parameters: temperature = 0.5, seed = 7\n"
        "- added to the system prompt: Be brief. Be kind.\n"
        "- edited routes: m, o\n"
        "- loop detection: off\n"
        "- project: p\n"
        "- folder: /srv"
    )


async def test_status_tells_the_beginning_of_a_long_suffix() -> None:
    told = await run(desk(SessionState(system_suffix="word " * 1000)), "status")
    assert "- added to the system prompt: word word" in told
    assert " word …\n" in told
    assert len(told) < 500


async def test_status_without_a_session() -> None:
    told = await run(desk_without_session(), "status")
    assert told.startswith("- session: none, nothing is remembered\n")


async def test_usage_tells_the_totals() -> None:
    at = come_to(Account(Totals(5, 1, 1200, 340, 1000, 40)))
    assert await run(at, "usage") == (
        "- requests: 5, of these failed: 1\n"
        "- input tokens: 1200, of these cached: 1000\n"
        "- output tokens: 340, of these reasoning: 40"
    )


async def test_limits_tells_what_stages_before_have_found() -> None:
    limits = (
        Limit("requests", 60, 59, 60.0),
        Limit("tokens", 1e7, 0, 0.5),
        Limit("US dollars", 2.5, 0.123456, 86400),
        Limit("requests at once", 2, 1, 0),
    )
    told = await run(desk(exchange=asking().knowing(LIMITS, limits)), "limits")
    assert told == (
        "- requests: 59 left of 60 in 60 s\n"
        "- tokens: 0 left of 10000000 in 0.5 s\n"
        "- US dollars: 0.1235 left of 2.5 in 86400 s\n"
        "- requests at once: 1 left of 2"
    )


async def test_limits_where_there_are_none() -> None:
    assert await run(desk(), "limits") == "There are no limits."


async def test_why_tells_how_the_last_request_went() -> None:
    assert await run(come_to(Account(last=LAST)), "why") == (
        "The request r1 for m: complete, 1.235 s.\n"
        "Stages, with the time in each up to the answer's beginning:\n"
        "- auth: let key-1 in (0.12 ms)\n"
        "- dispatch: nothing to decide (500.00 ms)\n"
        "- rules: a; b (100.00 ms)\n"
        "Attempts, with the time to the first content:\n"
        "1. x:a: 503: down (250 ms)\n"
        "2. y:b: ok (1000 ms)\n"
        "Warnings:\n"
        "- dropped seed\n"
        "- dropped stop"
    )


async def test_why_of_a_request_that_reached_nobody() -> None:
    last = LastRequest("r1", "m", "429: over 3 requests in 60 s", 0.0)
    told = await run(come_to(Account(last=last)), "why")
    assert told.split("\n")[0] == "The request r1 for m: 429: over 3 requests in 60 s, 0.000 s."
    assert "Attempts" not in told
    assert "Warnings" not in told


async def test_why_before_the_first_request() -> None:
    assert await run(desk(), "why") == "There was no request in this conversation yet."


@pytest.mark.parametrize("name", ["usage", "why"])
async def test_without_a_session_there_is_nothing_to_tell(name: str) -> None:
    expected = "nothing can be remembered: this chain has no session stage"
    assert await refused(desk_without_session(), name) == expected


@pytest.mark.parametrize("name", ["status", "usage", "limits", "why"])
async def test_they_take_nothing(name: str) -> None:
    assert await refused(desk(), name, "x") == f"{name} takes nothing; see !/help({name})"
