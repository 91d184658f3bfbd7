"""An agent that is stuck: what its model is told, and when it is stopped."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.parts import Text, ToolResult
from llm_proxy.pipeline.request import Message
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.stages.loop_detection.history import comes_again, history
from llm_proxy.stages.loop_detection.options import TurnsOptions
from llm_proxy.stages.loop_detection.stuck import LONGEST_CYCLE, stuck
from llm_proxy.stages.loop_detection.turns import Turns
from tests.support.clock import Clock
from tests.support.sessions import Kept
from tests.support.stages import asking
from tests.unit.stages.loop_detection.talking import done

READ = ("read", '{"path": "a"}', "no news")


def turns(clock: Clock | None = None, **options: Any) -> Turns:
    clock = clock or Clock()
    return Turns(TurnsOptions.model_validate(options), MemoryStore(clock), clock)


def after(*calls: tuple[str, str, str]) -> Exchange:
    return asking(messages=done(*calls))


def note_in(message: Message) -> str:
    (result,) = message.parts
    assert isinstance(result, ToolResult)
    assert result.parts[0] == Text("no news")
    return result.text.removeprefix("no news").strip()


async def test_nothing_is_said_before_it_is_time() -> None:
    exchange = after(*[READ] * 3)
    turn = await turns().look(exchange)
    assert turn.request is exchange.request
    assert (turn.stuck, turn.stops) == (None, False)


async def test_the_model_is_told_first_and_stopped_when_it_goes_on() -> None:
    told = await turns().look(after(*[READ] * 4))
    assert "tool call came 4 times with the same result" in note_in(told.request.messages[-1])
    assert not told.stops
    stopped = await turns().look(after(*[READ] * 5))
    assert "came 5 times" in note_in(stopped.request.messages[-1])
    assert stopped.stops


async def test_the_clients_own_messages_are_not_changed() -> None:
    exchange = after(*[READ] * 4)
    before = list(exchange.request.messages)
    turn = await turns().look(exchange)
    assert exchange.request.messages == before
    assert turn.request.messages[:-1] == before[:-1]
    assert turn.request.messages[-1].touched


@pytest.mark.parametrize(("mode", "stops"), [("stop", True), ("warn", False)])
async def test_other_modes_tell_the_model_nothing(mode: str, stops: bool) -> None:  # noqa: FBT001 - a parameter of the test
    exchange = after(*[READ] * 4)
    turn = await turns(mode=mode).look(exchange)
    assert turn.request is exchange.request
    assert turn.stuck is not None
    assert turn.stops is stops


async def test_what_is_told_of_a_cycle_and_of_an_error() -> None:
    write = ("write", "{}", "no news")
    cycle = await turns().look(after(*[write, READ] * 3))
    assert "last 2 tool calls came 3 times" in note_in(cycle.request.messages[-1])
    failed = [("edit", f"[{n}]", "error: no") for n in range(6)]
    error = await turns().look(after(*failed))
    (result,) = error.request.messages[-1].parts
    assert isinstance(result, ToolResult)
    assert "last error of a tool came 6 times" in result.text


CALLS = st.tuples(st.sampled_from("ab"), st.sampled_from("12"), st.sampled_from(["x", "error: y"]))


@given(st.lists(CALLS, max_size=14))
def test_the_latest_calls_tell_whether_to_look_at_more(calls: list[tuple[str, str, str]]) -> None:
    messages, options = done(*calls), TurnsOptions()
    found = stuck(history(messages), options)
    latest = stuck(history(messages, 2 * LONGEST_CYCLE), options)
    assert (latest is None) == (found is None)
    assert found is None or comes_again(messages, LONGEST_CYCLE)


async def test_exempt_tools_are_not_seen() -> None:
    wait = ("wait", "{}", "not yet")
    assert (await turns(exempt=["wa*"]).look(after(*[wait] * 9))).stuck is None
    between = [one for _ in range(4) for one in (READ, wait)]
    stuck = (await turns(exempt=["wait"]).look(after(*between))).stuck
    assert stuck is not None
    assert (stuck.tool, stuck.rounds) == ("read", 4)


async def test_the_note_stands_at_the_last_result_whatever_comes_behind() -> None:
    messages = [*done(*[READ] * 4), Message("user", (Text("go on"),))]
    turn = await turns().look(asking(messages=messages))
    assert "4 times" in note_in(turn.request.messages[-2])
    assert turn.request.messages[-1] == messages[-1]


async def test_in_a_session_only_what_is_recent_counts() -> None:
    clock = Clock()
    watched = turns(clock, window="10m")

    session = Kept().session
    stuck = []
    for calls in range(1, 8):
        exchange = replace(after(*[READ] * calls), session=session)
        stuck.append((await watched.look(exchange)).stuck)
        clock.now += 400
    assert stuck == [None] * 7
    for calls in range(8, 11):
        exchange = replace(after(*[READ] * calls), session=session)
        found = (await watched.look(exchange)).stuck
        clock.now += 60
    assert found is not None
    assert found.rounds == 4
