"""Stopping answers and agents that go round in circles."""

import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from llm_proxy.pipeline.parts import ToolResult
from llm_proxy.stages.loop_detection import LoopDetection
from llm_proxy.stages.loop_detection.calls import CALL_NOTICE
from llm_proxy.stages.loop_detection.guard import NOTICE
from tests.support.stages import Run, asking, said, text_of
from tests.unit.stages.loop_detection.talking import BEGUN, LOOP, TOOLS, called, done

READ = ("read", '{"path": "a"}', "no news")
CALLING = [*called("read", '{"path":"a"}'), Finish("tool_calls"), End()]


async def test_a_stream_ends_with_a_notice(caplog: pytest.LogCaptureFixture) -> None:
    run = Run(LoopDetection, answers=[said(BEGUN, LOOP[310:], "never sent")])
    exchange = asking(stream=True)
    reply = await run(exchange)
    with caplog.at_level(logging.WARNING):
        assert [
            Start("id", "m", 1),
            TextDelta(BEGUN),
            TextDelta(NOTICE),
            Finish("stop"),
            End(),
        ] == await reply.collect()
    assert reply.outcome == "complete"
    warnings = ["loop_detection: the text went round in circles, stopped"]
    assert exchange.trace.warnings == warnings
    assert exchange.trace.notes["loop"] == "text"
    assert [record.message for record in caplog.records] == ["loop detected"]
    assert LOOP[:10] not in caplog.text


async def test_reasoning_is_watched_and_the_notice_is_text() -> None:
    answer = [Start("id", "m", 1), ReasoningDelta(BEGUN), ReasoningDelta(LOOP), End()]
    events = await (await Run(LoopDetection, answers=[answer])(asking(stream=True))).collect()
    assert events[2:] == [TextDelta(NOTICE), Finish("stop"), End()]


async def test_arguments_of_tools_are_watched() -> None:
    pieces: list[Event] = [ToolCallDelta(0, LOOP[:100])] * 20
    answer = [ToolCallStart(0, "1", "write"), *pieces, ToolCallEnd(0), Finish("tool_calls"), End()]
    exchange = asking(stream=True)
    events = await (await Run(LoopDetection, answers=[answer])(exchange)).collect()
    assert len(events) < 12
    assert events[-4:] == [ToolCallEnd(0), TextDelta(NOTICE), Finish("length"), End()]
    assert exchange.trace.notes["loop"] == "arguments"


async def test_each_answer_is_watched_for_itself() -> None:
    run = Run(LoopDetection, answers=[said(BEGUN)])
    for stream in (False, True, False):
        assert text_of(await (await run(asking(stream=stream))).collect()) == BEGUN


@pytest.mark.parametrize("stream", [False, True])
async def test_it_may_only_warn(stream: bool) -> None:  # noqa: FBT001 - a parameter of the test
    run = Run(LoopDetection, {"action": "warn"}, [said(LOOP, LOOP)])
    exchange = asking(stream=stream)
    assert text_of(await (await run(exchange)).collect()) == LOOP * 2
    warnings = ["loop_detection: the text went round in circles, noticed"]
    assert exchange.trace.warnings == warnings


async def test_it_can_be_off() -> None:
    run = Run(LoopDetection, {"enabled": False}, [said(LOOP)])
    exchange = asking(messages=done(*[READ] * 9), tools=TOOLS)
    assert text_of(await (await run(exchange)).collect()) == LOOP
    assert run.seen == [exchange]


async def test_a_session_can_turn_it_off() -> None:
    session: Any = SimpleNamespace(state=SimpleNamespace(loop_detection="off"))
    run = Run(LoopDetection, answers=[said(LOOP)])
    assert text_of(await (await run(replace(asking(), session=session))).collect()) == LOOP


async def test_a_count_of_tokens_is_let_be() -> None:
    exchange = asking(counts_only=True, messages=done(*[READ] * 9))
    run = Run(LoopDetection)
    await run(exchange)
    assert run.seen == [exchange]


@pytest.mark.parametrize("stream", [False, True])
async def test_an_agent_is_told_and_then_stopped(stream: bool) -> None:  # noqa: FBT001 - a parameter of the test
    run = Run(LoopDetection, answers=[CALLING])
    first = asking(messages=done(*[READ] * 4), tools=TOOLS, stream=stream)
    assert await (await run(first)).collect() == CALLING
    (result,) = run.seen[0].request.messages[-1].parts
    assert isinstance(result, ToolResult)
    assert "Do not repeat it" in result.text
    assert first.trace.notes["loop"] == "turns"
    assert first.trace.warnings == ["loop_detection: read is called again and again"]

    second = asking(messages=done(*[READ] * 5), tools=TOOLS, stream=stream)
    stopped = [TextDelta(CALL_NOTICE), Finish("stop"), End()]
    assert stopped == await (await run(second)).collect()
    assert second.trace.notes["loop"] == "calls"
    assert second.trace.cut_short


async def test_without_tools_there_is_nothing_to_call_again() -> None:
    run = Run(LoopDetection)
    exchange = asking(messages=done(*[READ] * 9))
    await run(exchange)
    assert run.seen == [exchange]
    assert exchange.trace.warnings == []


async def test_an_agent_that_does_something_else_is_not_stopped() -> None:
    other = [*called("read", '{"path": "b"}'), Finish("tool_calls"), End()]
    run = Run(LoopDetection, answers=[other])
    assert await (await run(asking(messages=done(*[READ] * 9), tools=TOOLS))).collect() == other


@pytest.mark.parametrize("turns", [{"mode": "warn"}, {"mode": "off"}, {"exempt": ["read"]}])
async def test_agents_may_go_on(turns: dict[str, Any]) -> None:
    run = Run(LoopDetection, {"turns": turns}, [CALLING])
    exchange = asking(messages=done(*[READ] * 9), tools=TOOLS)
    assert await (await run(exchange)).collect() == CALLING
    assert bool(exchange.trace.warnings) == (turns == {"mode": "warn"})


async def test_agents_are_stopped_also_where_answers_are_only_warned_about() -> None:
    run = Run(LoopDetection, {"action": "warn"}, [CALLING])
    reply = await run(asking(messages=done(*[READ] * 5), tools=TOOLS))
    assert text_of(await reply.collect()) == CALL_NOTICE
