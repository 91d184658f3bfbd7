"""How a request of a session went."""

import asyncio

import orjson
import pytest

from llm_proxy.pipeline.errors import BadRequest, Unavailable, UpstreamBroken
from llm_proxy.pipeline.events import End, Event, Failure, Finish, Start, TextDelta, Usage
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import PROXY, Head, Reply
from llm_proxy.pipeline.session_state import Account, LastRequest, Totals
from llm_proxy.pipeline.trace import Attempt, Target
from llm_proxy.stages.session import Sessions
from tests.support.sessions import exchange, session, turns
from tests.support.stages import Answer, Run, said

USED = Usage(10, 20, cached_tokens=3, reasoning_tokens=4)
ANSWER: list[Event] = [Start("", "m", 0), TextDelta("hi"), Finish("stop"), USED, End()]


class Talk:
    """One session, and what its requests are answered with."""

    def __init__(self, *answers: Answer) -> None:
        self.run = Run(Sessions, answers=list(answers))

    async def __call__(self, **request: object) -> Exchange:
        asked = exchange(turns("hello", "hi", "x"), id_="one", **request)  # type: ignore[arg-type]
        async with await self.run(asked) as reply:
            await reply.collect()
        return asked

    async def account(self) -> Account:
        session = self.run.seen[-1].session
        assert session
        return await session.account()

    async def last(self) -> LastRequest:
        last = (await self.account()).last
        assert last
        return last


async def test_nothing_has_happened_at_first() -> None:
    talk = Talk(said("x"))
    asked = exchange(turns("hello", "hi", "x"), id_="one")
    reply = await talk.run(asked)
    assert Account() == await talk.account()
    await reply.aclose()


async def test_tokens_are_summed() -> None:
    talk = Talk(ANSWER)
    await talk()
    await talk()
    assert Totals(2, 0, 20, 40, 6, 8) == (await talk.account()).totals


async def test_they_are_summed_from_the_first_turn_on_where_it_has_no_name() -> None:
    run = Run(Sessions, answers=[ANSWER])
    for texts, requests in ((["hello"], 1), (["hello", "hi", "x"], 2), (["hello", "hi", "y"], 3)):
        before = await session(run, turns(*texts))
        assert (await before.account()).totals.requests == (requests if requests > 1 else 0)
    last = run.seen[-1].session
    assert last
    assert Totals(3, 0, 30, 60, 9, 12) == (await last.account()).totals
    await last.forget()
    assert Account() == await last.account()


async def test_what_begins_here_is_told_on_the_next_turn() -> None:
    run = Run(Sessions, answers=[ANSWER, lambda _: Reply.of(Head(PROXY, "m"), said("the help"))])
    await session(run, turns("hello"))
    first = run.seen[-1]
    again = await session(run, turns("hello", "hi", "x"))
    account = await again.account()
    assert Totals(1, 0, 10, 20, 3, 4) == account.totals
    assert account.last
    assert account.last.id == first.id


@pytest.mark.parametrize("between", ["a command", "a count", "nothing"])
async def test_it_is_still_told_after_what_is_no_request(between: str) -> None:
    help_ = Reply.of(Head(PROXY, "m"), said("the help"))
    answers: list[Answer] = [ANSWER, lambda _: help_] if between == "a command" else [ANSWER]
    run = Run(Sessions, answers=answers)
    await session(run, turns("hello"))
    if between != "nothing":
        await session(run, turns("hello", "hi", "x"), counts_only=between == "a count")
    found = await session(run, turns("hello", "hi", "y"), counts_only=True)
    assert Totals(1, 0, 10, 20, 3, 4) == (await found.account()).totals


async def test_a_beginning_that_was_refused_leaves_nothing_behind() -> None:
    run = Run(Sessions, answers=[Unavailable("nobody is there"), ANSWER])
    with pytest.raises(Unavailable):
        await session(run, turns("hello"))
    found = await session(run, turns("hello"))
    edited = await session(run, turns("hello", "edited", "x"))
    assert edited.id == found.id  # no other one has begun alike


OF_BEFORE = {"totals": [1, 0, 9, 9, 0, 0], "request": ["r", "m", "complete", 1.0], "stages": []}
OF_BEFORE |= {"decisions": [], "attempts": [], "warnings": []}


@pytest.mark.parametrize(
    "kept",
    [
        b"{}",
        b"[]",
        b"no JSON",
        b'{"totals":[1,2]}',
        b"no\nJSON",
        b"[1]\n[]",
        orjson.dumps(OF_BEFORE),
    ],
)
async def test_an_account_that_cannot_be_read_is_an_empty_one(kept: bytes) -> None:
    talk = Talk(ANSWER)
    await talk()
    session = talk.run.seen[-1].session
    assert session
    await talk.run.stage.kit.store.save(f"session-account:{session.id}", kept, 60)
    assert Account() == await session.account()
    await talk()
    assert 1 <= (await session.account()).totals.requests <= 2


async def test_the_last_usage_of_an_answer_counts() -> None:
    talk = Talk([Usage(10, 1), *ANSWER])
    await talk()
    assert (await talk.account()).totals.output_tokens == 20


async def test_tokens_that_were_used_for_an_answer_before_are_not_used_again() -> None:
    talk = Talk(ANSWER, lambda _: Reply.of(Head("b", "m", replayed=True), ANSWER))
    await talk()
    await talk()
    assert Totals(2, 0, 10, 20, 3, 4) == (await talk.account()).totals


async def test_a_refused_request_is_a_failed_one() -> None:
    talk = Talk(Unavailable("nobody is there"))
    with pytest.raises(Unavailable):
        await talk()
    account = await talk.account()
    assert Totals(1, 1) == account.totals
    assert account.last
    assert account.last.outcome == "503: nobody is there"


async def test_so_is_a_broken_answer() -> None:
    talk = Talk([TextDelta("hi"), USED, Failure(UpstreamBroken("gone"))])
    with pytest.raises(UpstreamBroken):
        await talk()
    assert Totals(1, 1, 10, 20, 3, 4) == (await talk.account()).totals
    assert (await talk.last()).outcome == "502: gone"


async def test_so_is_one_whose_client_left() -> None:
    talk = Talk(ANSWER)
    reply = await talk.run(exchange(turns("hello", "hi", "x"), id_="one"))
    await reply.aclose()
    assert (await talk.last()).outcome == "the client left"
    assert Totals(1, 1) == (await talk.account()).totals


@pytest.mark.parametrize(
    ("timed_out", "told"), [(False, "the client left"), (True, "the time was over")]
)
async def test_or_left_before_the_answer(
    timed_out: bool,  # noqa: FBT001 - a parameter of the test
    told: str,
) -> None:
    def never(asked: Exchange) -> Reply:
        asked.trace.timed_out = lambda: timed_out
        raise asyncio.CancelledError

    talk = Talk(never)
    with pytest.raises(asyncio.CancelledError):
        await talk()
    assert (await talk.last()).outcome == told


async def test_a_defect_is_told_without_its_words() -> None:
    talk = Talk(KeyError("a text of the conversation"))
    with pytest.raises(KeyError):
        await talk()
    assert (await talk.last()).outcome == "internal error: KeyError"


async def test_what_an_error_quotes_stays_out() -> None:
    talk = Talk(BadRequest("wrong: a text of the conversation", param="x", for_log="wrong"))
    with pytest.raises(BadRequest):
        await talk()
    assert (await talk.last()).outcome == "400: wrong"


async def test_the_proxys_own_answers_are_no_requests() -> None:
    talk = Talk(ANSWER, lambda _: Reply.of(Head(PROXY, "m"), said("the help")))
    await talk()
    before = await talk.account()
    await talk()
    assert before == await talk.account()


async def test_neither_is_counting() -> None:
    talk = Talk(ANSWER)
    await talk(counts_only=True)
    assert Account() == await talk.account()


async def test_stages_attempts_and_warnings_are_told() -> None:
    def answer(asked: Exchange) -> Reply:
        trace = asked.trace
        trace.stages += [("inner", 0.5), ("outer", 0.25)]
        trace.decisions += [("inner", "this"), ("inner", "and that"), ("elsewhere", "lost")]
        trace.attempts.append(Attempt(Target("b", "m"), "503 no", 1.5, "overloaded"))
        trace.warnings.append("dropped seed")
        return Reply.of(Head("b", "m"), ANSWER)

    talk = Talk(answer)
    asked = await talk(model="gpt-4")
    last = await talk.last()
    assert (last.id, last.model, last.outcome, last.seconds) == (asked.id, "gpt-4", "complete", 0)
    assert last.stages == (("outer", 0.25, ()), ("inner", 0.5, ("this", "and that")))
    assert last.attempts == (("b:m", "503 no", 1.5),)
    assert last.warnings == ("dropped seed",)


async def test_it_stays_small_and_can_be_kept() -> None:
    def answer(asked: Exchange) -> Reply:
        trace = asked.trace
        trace.decisions += [("s", "x" * 10_000)] * 1000
        trace.attempts += [Attempt(Target("b", "\udcff" * 10_000), "x" * 10_000, 1)] * 1000
        trace.warnings += ["\ud800" * 10_000] * 1000
        return Reply.of(Head("b", "m"), ANSWER)

    talk = Talk(answer)
    await talk(model="\ud800" * 10_000)
    assert len(orjson.dumps(await talk.last())) < 100_000
