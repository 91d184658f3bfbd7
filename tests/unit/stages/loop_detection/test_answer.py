"""Whole answers: cut back, or asked for once more."""

from collections.abc import Sequence

import pytest

from llm_proxy.pipeline.avoided import AVOIDED
from llm_proxy.pipeline.errors import Unavailable, UpstreamBroken
from llm_proxy.pipeline.events import Event, Failure, Frame, TextDelta
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.parts import Text, ToolResult
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.request import Message
from llm_proxy.pipeline.trace import Attempt, Target
from llm_proxy.stages.loop_detection import LoopDetection
from llm_proxy.stages.loop_detection.again import HINT
from llm_proxy.stages.loop_detection.guard import NOTICE
from tests.support.stages import Run, asking, said, text_of
from tests.unit.stages.loop_detection.talking import LOOP

CUT = "again and " + NOTICE
BROKEN = UpstreamBroken("it broke")


async def whole(run: Run, exchange: Exchange | None = None) -> str:
    reply = await run(exchange or asking())
    return text_of(await reply.collect())


async def test_an_answer_without_a_loop_passes_untouched() -> None:
    frame = Frame(b"raw", 1, "f")
    events: list[Event] = [TextDelta("hello", frame), *said(" you")[1:]]
    run = Run(LoopDetection, answers=[events])
    passed = await (await run(asking())).collect()
    assert all(before is after for before, after in zip(events, passed, strict=True))


async def test_it_is_cut_back_to_its_first_round() -> None:
    assert await whole(Run(LoopDetection, answers=[said(LOOP[:500], LOOP[500:])])) == CUT


async def test_the_backend_is_closed_at_once_and_the_rest_not_waited_for() -> None:
    closed: list[str] = []

    class Endless:
        def __aiter__(self) -> "Endless":
            return self

        async def __anext__(self) -> Sequence[Event]:
            assert not closed
            return said(LOOP[:100])[1:2]

    def answer(_: Exchange) -> Reply:
        return Reply(Head("b", "m"), Endless(), lambda: closed.append("closed"))

    reply = await Run(LoopDetection, answers=[answer])(asking())
    assert closed == ["closed"]
    assert text_of(await reply.collect()) == CUT


async def test_retry_asks_once_more_with_a_hint() -> None:
    run = Run(LoopDetection, {"action": "retry"}, [said(LOOP), said("well")])
    exchange = asking()
    assert await whole(run, exchange) == "well"
    assert run.seen[1].request.messages[0].text == HINT
    assert len(run.seen) == 2
    warnings = ["loop_detection: the text went round in circles, asked for again"]
    assert exchange.trace.warnings == warnings
    assert [reply.outcome for reply in run.replies] == ["complete", "complete"]


async def test_a_second_loop_is_stopped() -> None:
    run = Run(LoopDetection, {"action": "retry"}, [said(LOOP), said("And " + LOOP)])
    exchange = asking()
    assert await whole(run, exchange) == "And again a" + NOTICE
    assert [told.split(", ")[1] for told in exchange.trace.warnings] == [
        "asked for again",
        "stopped",
    ]
    assert len(run.seen) == 2


async def test_failover_avoids_the_target_that_looped() -> None:
    run = Run(LoopDetection, {"action": "failover"}, [said(LOOP), said("well")])
    exchange = asking()
    exchange.trace.attempts.append(Attempt(Target("b", "m", "2"), "ok", 0.1))
    assert await whole(run, exchange) == "well"
    assert run.seen[1].fact(AVOIDED) == {Target("b", "m")}
    assert exchange.trace.attempts[0].reason == "loop"


@pytest.mark.parametrize("action", ["retry", "failover"])
@pytest.mark.parametrize(
    "failing", [Unavailable("nobody is left"), [Failure(BROKEN)], said(LOOP[:300])[:-2]]
)
async def test_what_there_is_is_given_if_nothing_else_can_be_got(
    action: str, failing: Exception | list[Event]
) -> None:
    run = Run(LoopDetection, {"action": action}, [said(LOOP), failing])
    assert await whole(run) == CUT


@pytest.mark.parametrize("action", ["retry", "failover"])
async def test_a_stream_has_been_seen_and_is_stopped(action: str) -> None:
    run = Run(LoopDetection, {"action": action}, [said(LOOP[:300], LOOP[300:])])
    assert (await whole(run, asking(stream=True))).endswith(NOTICE)
    assert len(run.seen) == 1


async def test_an_answer_that_breaks_is_an_error_and_closed() -> None:
    closed: list[str] = []

    def answer(_: Exchange) -> Reply:
        events = [*said("hello")[:2], Failure(BROKEN)]
        return Reply.of(Head("b", "m"), events).on_close(lambda: closed.append("closed"))

    with pytest.raises(UpstreamBroken):
        await Run(LoopDetection, answers=[answer])(asking())
    assert closed == ["closed"]


async def test_a_loop_counts_also_where_the_answer_broke_behind_it() -> None:
    assert await whole(Run(LoopDetection, answers=[[TextDelta(LOOP), Failure(BROKEN)]])) == CUT


async def test_the_answer_closes_its_backend() -> None:
    closed: list[str] = []

    def answer(_: Exchange) -> Reply:
        return Reply.of(Head("b", "m"), said("hi")).on_close(lambda: closed.append("closed"))

    reply = await Run(LoopDetection, answers=[answer])(asking())
    assert closed == []
    await reply.aclose()
    assert closed == ["closed"]


@pytest.mark.parametrize("stream", [False, True])
async def test_what_the_user_or_a_tool_has_brought_may_be_copied(stream: bool) -> None:  # noqa: FBT001 - a parameter of the test
    for part in (Text(f"Mend this: {LOOP}"), ToolResult("1", (Text(LOOP),))):
        asked = asking(messages=(Message("user", (part,)),), stream=stream)
        assert await whole(Run(LoopDetection, answers=[said(LOOP)]), asked) == LOOP
    own = Message("assistant", (Text(LOOP),))
    asked = asking(messages=(own, *asking().request.messages), stream=stream)
    assert (await whole(Run(LoopDetection, answers=[said(LOOP)]), asked)) == CUT


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("action", "cut"), [("stop", True), ("warn", False)])
async def test_who_keeps_answers_is_told_of_one_that_was_cut(
    action: str,
    cut: bool,  # noqa: FBT001 - a parameter of the test
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    exchange = asking(stream=stream)
    await whole(Run(LoopDetection, {"action": action}, [said(LOOP)]), exchange)
    assert exchange.trace.cut_short is cut


async def test_an_answer_asked_for_again_is_not_cut() -> None:
    exchange = asking()
    await whole(Run(LoopDetection, {"action": "retry"}, [said(LOOP), said("fine")]), exchange)
    assert exchange.trace.cut_short is False
