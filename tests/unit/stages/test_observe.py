"""One line in the log for each request."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from llm_proxy.pipeline.errors import RateLimited, UpstreamBroken
from llm_proxy.pipeline.events import End, Event, Failure, Finish, Start, TextDelta, Usage
from llm_proxy.pipeline.exchange import Client, Exchange
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.trace import Attempt, Target
from llm_proxy.stages.observe import Observe
from tests.support.log_lines import request_lines
from tests.support.stages import Answer, Run, asking, said, text_of

Lines = Callable[[], list[dict[str, Any]]]

FIELDS = {
    "request_id",
    "backend",
    "model",
    "latency_ms",
    "first_event_ms",
    "stream",
    "attempts",
    "status",
    "outcome",
    "tokens_used",
}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """What was logged so far, each line with only the fields it was given."""
    caplog.set_level(logging.INFO, "llm_proxy.stages.observe")

    def logged() -> list[dict[str, Any]]:
        return [
            {name: value for name, value in line.items() if name != "message"}
            for line in request_lines(caplog)
        ]

    return logged


def passing_time(run: Run, seconds: float, answer: Answer) -> None:
    """Let the rest of the chain take its time."""

    def take(exchange: Exchange) -> Reply:
        run.clock.now += seconds
        if isinstance(answer, Exception):
            raise answer
        exchange.trace.attempts.append(Attempt(Target("b", "m"), "ok", seconds))
        return Reply.of(Head("b", "m"), list(answer))  # type: ignore[arg-type]

    run.answers = [take]


def secretive() -> Exchange:
    """A request of which nothing may be told."""
    client = Client("127.0.0.1", {"authorization": "Bearer sk-hidden"}, "sk-hidden")
    return replace(asking("hidden words", params={"stop": "hidden"}), client=client)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_whole_answer_is_one_line_when_it_is_over(lines: Lines, stream: object) -> None:
    run = Run(Observe)
    passing_time(run, 1.5, said("a", "b"))
    exchange = asking(stream=stream)
    async with await run(exchange) as reply:
        assert text_of(await reply.collect()) == "ab"
        run.clock.now += 0.25
        assert lines() == []
    assert lines() == [
        {
            "request_id": exchange.id,
            "backend": "b",
            "model": "m",
            "latency_ms": 1750.0,
            "first_event_ms": 1500.0,
            "stream": stream,
            "attempts": 1,
            "status": 200,
            "outcome": "complete",
            "tokens_used": 3,
        }
    ]


async def test_closing_twice_writes_no_second_line(lines: Lines) -> None:
    reply = await Run(Observe)(asking())
    await reply.collect()
    await reply.aclose()
    await reply.aclose()
    assert len(lines()) == 1


async def test_an_answer_that_nobody_waited_for_is_one_line(lines: Lines) -> None:
    reply = await Run(Observe)(asking())
    await reply.aclose()
    (line,) = lines()
    assert (line["outcome"], line["status"], line["tokens_used"]) == ("abandoned", 200, None)


@pytest.mark.parametrize(("stream", "status"), [(True, 200), (False, 502)])
async def test_an_answer_that_breaks_in_the_middle_is_one_line(
    lines: Lines, *, stream: bool, status: int
) -> None:
    events: list[Event] = [Start("i", "m", 1), TextDelta("a"), Failure(UpstreamBroken("broke"))]
    async with await Run(Observe, answers=[events])(asking(stream=stream)) as reply:
        with pytest.raises(UpstreamBroken):
            await reply.collect()
    (line,) = lines()
    assert (line["outcome"], line["error"], line["status"]) == ("failed", "broke", status)


async def test_an_error_is_one_line_and_raised_as_it_is(lines: Lines) -> None:
    run = Run(Observe)
    error = RateLimited("too fast", limit=5, retry_after=3, reset=9)
    passing_time(run, 0.5, error)
    exchange = asking(model="gpt-4")
    with pytest.raises(RateLimited) as caught:
        await run(exchange)
    assert error is caught.value
    assert lines() == [
        {
            "request_id": exchange.id,
            "backend": None,
            "model": "gpt-4",
            "latency_ms": 500.0,
            "stream": False,
            "attempts": 0,
            "tokens_used": None,
            "status": 429,
            "error": "too fast",
        }
    ]


async def test_an_error_of_a_backend_names_the_last_one_tried(lines: Lines) -> None:
    exchange = asking()
    exchange.trace.attempts += [
        Attempt(Target("x", "a"), "down", 0.1),
        Attempt(Target("y", "b:c"), "broke", 0.1),
    ]
    with pytest.raises(UpstreamBroken):
        await Run(Observe, answers=[UpstreamBroken("broke")])(exchange)
    (line,) = lines()
    assert (line["backend"], line["model"], line["attempts"]) == ("y", "b:c", 2)
    assert line["tried"] == ["x:a: down (100.0 ms)", "y:b:c: broke (100.0 ms)"]


async def test_a_client_that_left_before_the_answer_is_one_line(lines: Lines) -> None:
    run = Run(Observe)

    async def forever(_: Exchange) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.ensure_future(run.stage(asking(), forever))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (line,) = lines()
    assert (line["status"], line["error"]) == (499, "the client left")


async def test_a_bug_in_another_stage_is_one_line_too(lines: Lines) -> None:
    with pytest.raises(ZeroDivisionError):
        await Run(Observe, answers=[ZeroDivisionError("a bug")])(asking())
    assert [line["status"] for line in lines()] == [500]


async def test_a_backend_that_counts_no_tokens_has_none(lines: Lines) -> None:
    events: list[Event] = [TextDelta("a"), Finish("stop"), End()]
    async with await Run(Observe, answers=[events])(asking()) as reply:
        await reply.collect()
    assert lines()[0]["tokens_used"] is None


async def test_what_other_stages_noted_and_warned_of_is_told(lines: Lines) -> None:
    exchange = asking()
    exchange.trace.notes |= {"caller": "key-1", "session": "s"}
    exchange.trace.warnings.append("loop_detection: answer stopped")
    await (await Run(Observe)(exchange)).aclose()
    (line,) = lines()
    assert (line["caller"], line["session"]) == ("key-1", "s")
    assert line["warnings"] == ["loop_detection: answer stopped"]


async def test_nothing_more_is_told_than_the_fields(lines: Lines) -> None:
    await (await Run(Observe)(asking())).aclose()
    assert set(lines()[0]) == FIELDS


@pytest.mark.parametrize("detail", [False, True])
async def test_never_a_text_and_never_a_key(lines: Lines, detail: object) -> None:
    run = Run(Observe, {"response_logging": detail}, [said("hidden answer")])
    async with await run(secretive()) as reply:
        await reply.collect()
    (line,) = lines()
    assert "hidden" not in repr(line)


async def test_never_a_text_also_where_a_bug_shows_it(lines: Lines) -> None:
    bug = UnicodeEncodeError("utf-8", "hidden words \ud800", 13, 14, "surrogates not allowed")
    with pytest.raises(UnicodeEncodeError):
        await Run(Observe, answers=[bug])(secretive())
    (line,) = lines()
    assert "hidden" not in repr(line)


async def test_response_logging_adds_how_it_ended_and_kinds_of_tokens(lines: Lines) -> None:
    events = [TextDelta("a"), Finish("length"), Usage(10, 5, 4, 3), End()]
    async with await Run(Observe, {"response_logging": True}, [events])(asking()) as reply:
        await reply.collect()
    (line,) = lines()
    names = ("finish", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
    assert [line[name] for name in names] == ["length", 10, 5, 4, 3]
    assert line["tokens_used"] == 15


async def test_at_debug_each_stages_own_time_is_told(
    lines: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "llm_proxy.stages.observe")
    exchange = asking()
    exchange.trace.stages += [("dispatch", 0.5), ("auth", 0.25)]
    await (await Run(Observe)(exchange)).aclose()
    assert lines()[0]["stages_ms"] == {"auth": 250.0, "dispatch": 500.0}


async def test_it_can_be_off(lines: Lines) -> None:
    async with await Run(Observe, {"request_logging": False})(asking()) as reply:
        await reply.collect()
    limited = RateLimited("x", limit=5, retry_after=1, reset=1)
    with pytest.raises(RateLimited):
        await Run(Observe, {"request_logging": False}, [limited])(asking())
    assert lines() == []


async def test_events_pass_untouched() -> None:
    events = said("a")
    passed = await (await Run(Observe, answers=[events])(asking())).collect()
    assert all(before is after for before, after in zip(events, passed, strict=True))
