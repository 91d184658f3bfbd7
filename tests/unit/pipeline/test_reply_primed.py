"""When a reply is committed."""

from collections.abc import Sequence

import pytest

from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    Event,
    Failure,
    Finish,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    TokenCount,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.reply import Reply
from tests.unit.pipeline.answers import (
    CUT,
    END,
    HEAD,
    HEL,
    START,
    Source,
    batches_of,
    reply,
    twice,
)


async def test_primed_reads_up_to_the_first_content_and_gives_it_again_once() -> None:
    source = Source([START], [HEL], [END])
    answer = Reply(HEAD, source)
    assert answer is await answer.primed()
    assert 2 == source.reads
    assert [[START], [HEL], [END]] == await batches_of(answer)


async def test_primed_again_reads_nothing_more() -> None:
    source = Source([HEL], [END])
    await (await Reply(HEAD, source).primed()).primed()
    assert 1 == source.reads


@pytest.mark.parametrize("event", [START, KeepAlive(), Opaque(), Usage(1, 1), Finish("stop")])
async def test_an_event_of_the_life_cycle_commits_nothing(event: Event) -> None:
    source = Source([event], [event, event], [], [HEL])
    await Reply(HEAD, source).primed()
    assert 4 == source.reads


CONTENT = [HEL, ReasoningDelta("hm"), ToolCallStart(0, "c", "f"), END]


@pytest.mark.parametrize("event", CONTENT)
async def test_the_first_event_with_content_commits(event: Event) -> None:
    source = Source([START, event], CUT)
    await Reply(HEAD, source).primed()
    assert 1 == source.reads


@pytest.mark.parametrize(
    "batches",
    [
        (CUT,),
        ([START], CUT),
        ([Failure(CUT)],),
        ([START, Failure(CUT)],),
        ([START], [Failure(CUT)]),
    ],
)
async def test_a_failure_before_content_is_raised(
    batches: Sequence[list[Event] | Exception],
) -> None:
    with pytest.raises(UpstreamBroken) as raised:
        await reply(*batches).primed()
    assert raised.value is CUT


async def test_a_failure_after_content_waits_for_its_turn() -> None:
    answer = await reply([START, HEL, Failure(CUT)]).primed()
    assert [[START, HEL, Failure(CUT)]] == await batches_of(answer)


@pytest.mark.parametrize("batches", [(), ([],), ([START],), ([START], [KeepAlive()])])
async def test_a_source_that_ends_before_content_never_began(
    batches: Sequence[list[Event]],
) -> None:
    with pytest.raises(UpstreamBroken, match=r"^the backend's answer ended before it began$"):
        await reply(*batches).primed()
    with pytest.raises(UpstreamBroken, match=r"^the backend's answer ended before it began$"):
        await Reply.of(HEAD, [event for batch in batches for event in batch]).primed()


async def test_a_step_added_after_priming_sees_what_was_kept() -> None:
    answer = (await reply([HEL], [END]).primed()).through(twice)
    assert [[HEL, HEL], [END]] == await batches_of(answer)


@pytest.mark.parametrize(
    ("events", "finish"),
    [
        ([START, Finish("stop"), END], "stop"),
        (
            [START, Opaque(), Usage(1, 1), Finish("content_filter"), KeepAlive(), END],
            "content_filter",
        ),
        ([START, Finish("length"), END], "length"),
        ([START, END], None),
        ([START, HEL, Finish("stop"), END], None),
        ([START, Opaque(None, "citations"), Finish("stop"), END], None),
        ([START, ToolCallStart(0, "c", "f"), Finish("stop"), END], None),
        ([TokenCount(3), END], None),
        ([START, Finish("stop")], None),
    ],
)
def test_an_answer_without_content_tells_how_it_ended(
    events: list[Event], finish: str | None
) -> None:
    assert finish == Reply.of(HEAD, events).empty_finish


async def test_complete_reads_to_the_end_and_gives_all_again() -> None:
    source = Source([START], [HEL], [END], CUT)
    answer = Reply(HEAD, source)
    assert answer is await answer.complete()
    assert 3 == source.reads
    assert [[START], [HEL], [END]] == await batches_of(answer)


@pytest.mark.parametrize("batches", [([START, HEL], CUT), ([START, HEL], [Failure(CUT)])])
async def test_a_failure_anywhere_is_raised_by_complete(
    batches: Sequence[list[Event] | Exception],
) -> None:
    with pytest.raises(UpstreamBroken) as raised:
        await reply(*batches).complete()
    assert raised.value is CUT


async def test_an_answer_without_an_end_is_never_complete() -> None:
    with pytest.raises(UpstreamBroken, match="ended in the middle"):
        await reply([START, HEL]).complete()
