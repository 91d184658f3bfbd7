"""Which session a request belongs to."""

from collections.abc import Sequence

import pytest

from llm_proxy.pipeline.errors import StateAway
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import Message
from llm_proxy.pipeline.session_state import NOTHING
from llm_proxy.pipeline.state.memory import BEGINNINGS, MemoryStore
from llm_proxy.pipeline.state.store import Outage
from llm_proxy.stages.session import Sessions
from tests.support.sessions import exchange, remember, session, turns
from tests.support.stages import Run, said


def talking(*answers: str) -> Run:
    """A session stage before a model that answers so, one after the other."""
    return Run(Sessions, answers=[said(answer) for answer in answers])


async def how(run: Run, messages: Sequence[Message], **who: str) -> str:
    asked = exchange(messages, **who)  # type: ignore[arg-type]
    async with await run(asked) as reply:
        await reply.collect()
    return asked.trace.decisions[0][1]


async def test_it_says_how_it_knows() -> None:
    run = talking("hi")
    assert await how(run, turns("hello"), id_="mine") == "named by x-session-id"
    assert await how(run, turns("hello")) == "begins here"
    assert await how(run, turns("hello", "hi", "more")) == "known by its beginning"
    edited = await how(run, turns("hello", "edited", "more"))
    assert edited == "known by its beginning, with another answer"
    assert await how(run, turns("bye", "hi", "more")) == "not known before"


async def test_two_that_began_alike_share_nothing() -> None:
    run = talking("one", "two")
    first = await session(run, turns("hello"))
    await remember(first, model="a")
    second = await session(run, turns("hello"))
    await remember(second, model="b")
    assert first.id != second.id
    assert (await session(run, turns("hello", "one", "x"))).state.model == "a"
    assert (await session(run, turns("hello", "two", "x"))).state.model == "b"
    assert (await session(run, turns("hello", "one", "x", "y", "z"))).state.model == "a"


async def test_an_edited_answer_is_of_none_of_two_that_began_alike() -> None:
    run = talking("one", "two")
    for model in "ab":
        await remember(await session(run, turns("hello")), model=model)
    stranger = await session(run, turns("hello", "edited", "x"))
    assert NOTHING == stranger.state
    again = await session(run, turns("hello", "edited", "x", "y", "z"))
    assert again.id == stranger.id


async def test_a_history_cut_short_keeps_its_session() -> None:
    run = talking("one")
    first = await session(run, turns("system: be brief", "hello"))
    compacted = turns("system: be brief", "hello", "what happened until now: …", "go on")
    assert (await session(run, compacted)).id == first.id


async def test_an_answer_that_broke_off_keeps_its_session() -> None:
    run = talking("one two three")
    asked = exchange(turns("hello"))
    async with await run(asked) as reply:
        await anext(reply)
    first = run.seen[-1].session
    assert first
    assert (await session(run, turns("hello", "one", "x"))).id == first.id


async def test_only_to_count_begins_nothing() -> None:
    run = talking("one")
    await session(run, turns("hello"))
    asked = exchange(turns("hello"), counts_only=True)
    async with await run(asked) as reply:
        await reply.collect()
    assert asked.trace.decisions[0][1] == "only counts tokens"
    assert await how(run, turns("hello", "edited", "x")) == (
        "known by its beginning, with another answer"
    )


async def test_what_was_not_known_is_the_same_every_time() -> None:
    run = talking("x")
    stranger = await session(run, turns("hello", "from before", "x"))
    await remember(stranger, model="a")
    again = await session(run, turns("hello", "from before", "x", "y", "z"))
    assert (again.id, again.state.model) == (stranger.id, "a")


async def test_a_conversation_without_a_word_of_the_user() -> None:
    run = talking("one")
    found = await session(run, (Message("system", (Text("greet me"),)),))
    assert len(found.id) == 32


async def test_what_somebody_has_set_outlives_any_number_of_beginnings() -> None:
    run = talking("one")
    with_command = exchange(turns("hello"))
    reply = await run(with_command)
    first = run.seen[-1].session
    assert first
    await remember(first, model="a")  # as a command does, in the middle of the request
    async with reply:
        await reply.collect()
    for number in range(BEGINNINGS.number + 1):
        await session(run, turns(str(number)))
    again = await session(run, turns("hello", "one", "x"))
    assert (again.id, again.state.model) == (first.id, "a")


async def test_what_is_set_on_a_later_turn_outlives_them_too() -> None:
    run = talking("one")
    first = await session(run, turns("hello"))
    reply = await run(exchange(turns("hello", "one", "x")))
    second = run.seen[-1].session
    assert second
    await remember(second, model="a")
    async with reply:
        await reply.collect()
    for number in range(BEGINNINGS.number + 1):
        await session(run, turns(str(number)))
    again = await session(run, turns("hello", "one", "x", "one", "y"))
    assert (again.id, again.state.model) == (first.id, "a")


class Gone(MemoryStore):
    """Shared state that is away, where the file wants to refuse then."""

    @property
    def outage(self) -> Outage:
        return Outage(1, {"sessions": "closed", "limits": "open", "keys": "open", "cache": "open"})


async def test_nothing_begins_where_it_must_be_kept_and_cannot() -> None:
    run = talking("one")
    run.stage.kit.store.__class__ = Gone
    with pytest.raises(StateAway):
        await run(exchange(turns("hello")))
    assert not run.seen
