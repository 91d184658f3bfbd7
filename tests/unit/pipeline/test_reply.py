"""What comes out of a reply."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from llm_proxy.pipeline.errors import ProxyError, UpstreamBroken, UpstreamTimeout
from llm_proxy.pipeline.events import Event, Failure, Finish, TextDelta
from llm_proxy.pipeline.reply import Reply
from tests.unit.pipeline.answers import (
    CUT,
    END,
    HEAD,
    HEL,
    LO,
    START,
    Source,
    batches_of,
    reply,
    twice,
)


async def test_events_come_in_the_batches_they_were_read_in() -> None:
    assert [[START], [HEL, LO], [END]] == await batches_of(reply([START], [HEL, LO], [END]))


async def test_a_whole_answer_is_one_batch() -> None:
    assert [[START, HEL, END]] == await batches_of(Reply.of(HEAD, [START, HEL, END]))


async def test_a_batch_without_events_is_not_shown() -> None:
    assert [[HEL], [END]] == await batches_of(reply([], [HEL], [], [END]))


async def test_an_answer_is_complete_at_its_end_and_not_before() -> None:
    answer = reply([HEL], [END])
    await anext(answer)
    assert "open" == answer.outcome
    await anext(answer)
    assert "complete" == answer.outcome


@pytest.mark.parametrize("last", [END, Failure(CUT)])
async def test_events_after_the_last_are_cut(last: Event) -> None:
    assert [[HEL, last]] == await batches_of(reply([HEL, last, LO, END]))


async def test_nothing_is_read_after_the_end() -> None:
    source = Source([HEL, END], [LO])
    assert [[HEL, END]] == await batches_of(Reply(HEAD, source))
    assert 1 == source.reads


async def test_an_error_of_the_source_becomes_the_last_event() -> None:
    answer = reply([HEL], CUT)
    assert [[HEL], [Failure(CUT)]] == await batches_of(answer)
    assert "failed" == answer.outcome


@pytest.mark.parametrize("batches", [(), ([HEL],), ([START], [HEL], [Finish("stop")])])
async def test_a_source_that_ends_without_an_end_is_broken(batches: Sequence[list[Event]]) -> None:
    answer = reply(*batches)
    *before, [last] = await batches_of(answer)
    assert list(batches) == before
    assert isinstance(last, Failure)
    assert isinstance(last.error, UpstreamBroken)
    assert "the backend's answer ended in the middle" == last.error.message
    assert "failed" == answer.outcome


async def test_a_timeout_raised_by_the_source_is_a_failure_also_without_a_limit() -> None:
    [[last]] = await batches_of(reply(TimeoutError()))
    assert isinstance(last, Failure)
    assert isinstance(last.error, UpstreamTimeout)


# --- through -------------------------------------------------------------------------------------


async def test_steps_run_in_the_order_they_were_added() -> None:
    counted: list[Event] = []

    def numbered(event: Event) -> Sequence[Event]:
        counted.append(event)
        return [TextDelta(f"{len(counted)}")] if isinstance(event, TextDelta) else [event]

    assert [[TextDelta("1"), TextDelta("2"), END]] == await batches_of(
        reply([HEL, END]).through(twice).through(numbered)
    )
    counted.clear()
    assert [[TextDelta("1"), TextDelta("1"), END]] == await batches_of(
        reply([HEL, END]).through(numbered).through(twice)
    )


async def test_a_batch_of_which_a_step_leaves_nothing_is_not_shown() -> None:
    answer = reply([HEL], [END]).through(lambda event: [] if event == HEL else [event])
    assert [[END]] == await batches_of(answer)


async def test_a_step_can_end_the_answer() -> None:
    answer = reply([HEL, LO], [LO], [END]).through(lambda event: [event, END])
    assert [[HEL, END]] == await batches_of(answer)
    assert "complete" == answer.outcome


async def test_a_step_sees_the_failure_of_the_source() -> None:
    seen: list[Event] = []

    def watch(event: Event) -> Sequence[Event]:
        seen.append(event)
        return [event]

    await batches_of(reply([HEL], CUT).through(watch))
    assert [HEL, Failure(CUT)] == seen


# --- limit_gaps ----------------------------------------------------------------------------------


async def test_a_silence_over_the_limit_is_a_timeout_and_ends_the_source() -> None:
    over: list[str] = []

    async def stalls() -> AsyncGenerator[Sequence[Event], None]:
        try:
            yield [HEL]
            await asyncio.Event().wait()
        finally:
            over.append("closed")

    answer = Reply(HEAD, stalls()).limit_gaps(60).limit_gaps(0.01)
    first, [last] = await batches_of(answer)
    assert [HEL] == first
    assert isinstance(last, Failure)
    assert isinstance(last.error, UpstreamTimeout)
    assert "the backend was silent for 0.01 s" == last.error.message
    assert "failed" == answer.outcome
    assert ["closed"] == over


async def test_a_slow_client_is_not_a_silent_backend() -> None:
    answer = reply([HEL], [LO], [END]).limit_gaps(0.01)
    shown: list[Event] = []
    async for batch in answer:
        shown += batch
        await asyncio.sleep(0.02)
    assert [HEL, LO, END] == shown


# --- collect -------------------------------------------------------------------------------------


async def test_collect_gives_every_event() -> None:
    assert [START, HEL, LO, END] == await reply([START], [HEL, LO], [END]).collect()


@pytest.mark.parametrize("last", [CUT, [Failure(CUT)]])
async def test_collect_raises_what_broke_the_answer(last: list[Event] | Exception) -> None:
    with pytest.raises(ProxyError) as raised:
        await reply([HEL], last).collect()
    assert raised.value is CUT


@pytest.mark.parametrize("last", [END, Failure(UpstreamBroken("cut"))])
async def test_a_step_that_drops_the_end_does_not_keep_the_answer_from_ending(last: Event) -> None:
    only_text = reply([TextDelta("a"), last]).through(
        lambda event: (event,) if isinstance(event, TextDelta) else ()
    )
    assert [[TextDelta("a"), last]] == await batches_of(only_text)


async def test_a_step_sees_nothing_behind_the_end() -> None:
    seen: list[Event] = []

    def look(event: Event) -> tuple[Event]:
        seen.append(event)
        return (event,)

    await reply([TextDelta("a"), END, TextDelta("b")]).through(look).collect()
    assert [TextDelta("a"), END] == seen


# --- give_again ----------------------------------------------------------------------------------


async def test_what_was_read_comes_again_past_the_steps_that_have_seen_it() -> None:
    seen: list[Event] = []

    def see(event: Event) -> tuple[Event, ...]:
        seen.append(event)
        return (event,)

    answer = reply([HEL, LO], [END]).through(see)
    events = await answer.collect()
    assert "complete" == answer.outcome

    again = await answer.give_again(events).through(lambda event: (event,)).collect()

    assert ([HEL, LO, END], [HEL, LO, END]) == (again, seen)
    assert "complete" == answer.outcome
