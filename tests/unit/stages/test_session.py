"""Which conversation a request belongs to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from llm_proxy.pipeline.exchange import Caller, Client, Exchange, Session, SessionState
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import Message
from llm_proxy.stages.session import Sessions
from tests.support.stages import Run, asking

SET = SessionState("local:echo", {"temperature": 0.5})


def turns(*said: str) -> tuple[Message, ...]:
    """User and assistant in turn; a first text that begins with "system:" is the system's."""
    roles = ["user", "assistant"] * len(said)
    if said[0].startswith("system:"):
        roles.insert(0, "system")
    return tuple(
        Message(role, (Text(text),))  # type: ignore[arg-type]
        for role, text in zip(roles, said, strict=False)
    )


def exchange(
    messages: Sequence[Message], caller: str | None = "a", id_: str | None = None
) -> Exchange:
    headers = {} if id_ is None else {"x-session-id": id_}
    one = Exchange.of(asking(messages=messages).request, Client("127.0.0.1", headers))
    return replace(one, caller=Caller(caller) if caller else None)


async def session(run: Run, messages: Sequence[Message], **who: Any) -> Session:
    await run(exchange(messages, **who))
    found = run.seen[-1].session
    assert found is not None
    return found


async def test_a_conversation_keeps_its_id_while_its_history_grows() -> None:
    run = Run(Sessions)
    growing = ["system: be brief", "hello", "hi", "how are you?", "well", "good"]
    ids = {(await session(run, turns(*growing[:n]))).id for n in (2, 4, 6)}
    assert len(ids) == 1


@pytest.mark.parametrize(
    "other",
    [
        turns("goodbye", "hi", "more"),
        turns("system: be brief", "hello", "hi", "more"),
        (Message("assistant", (Text("hello"),)), *turns("hello")),
        turns("hello "),
    ],
)
async def test_another_beginning_is_another_conversation(other: tuple[Message, ...]) -> None:
    run = Run(Sessions)
    assert (await session(run, turns("hello", "hi"))).id != (await session(run, other)).id


@pytest.mark.parametrize("place", [0, 2000, 9_999, 5_000])
async def test_long_beginnings_are_told_apart_by_both_ends_and_length(place: int) -> None:
    long = "x" * 10_000
    other = long[:place] + "yy" + long[place:]
    run = Run(Sessions)
    assert (await session(run, turns(long))).id != (await session(run, turns(other))).id


async def test_what_is_saved_is_loaded_on_the_next_turn() -> None:
    run = Run(Sessions)
    await (await session(run, turns("hello"))).save(SET)
    assert (await session(run, turns("hello", "hi", "more"))).state == SET


async def test_the_same_first_words_again_begin_anew() -> None:
    run = Run(Sessions)
    await (await session(run, turns("hello"))).save(SET)
    assert SessionState() == (await session(run, turns("hello"))).state
    assert SessionState() == (await session(run, turns("hello", "hi", "more"))).state


async def test_a_conversation_the_client_names_outlives_its_first_turn() -> None:
    run = Run(Sessions)
    first = await session(run, turns("hello"), id_="mine")
    await first.save(SET)
    again = await session(run, turns("something else"), id_="mine")
    assert (first.id, SET) == (again.id, again.state)


async def test_names_are_told_apart_and_an_empty_one_is_none() -> None:
    run = Run(Sessions)
    mine = await session(run, turns("hello", "hi"), id_="mine")
    yours = await session(run, turns("hello", "hi"), id_="yours")
    nameless = await session(run, turns("hello", "hi"), id_="")
    unnamed = await session(run, turns("hello", "hi"))
    assert len({mine.id, yours.id, nameless.id}) == 3
    assert unnamed.id == nameless.id


@pytest.mark.parametrize("id_", ["mine", None])
async def test_no_caller_ever_sees_anothers_conversation(id_: str | None) -> None:
    run = Run(Sessions)
    first = await session(run, turns("hello"), id_=id_, caller="a")
    await first.save(SET)
    for caller in ("b", None, "a\n"):
        other = await session(run, turns("hello", "hi", "x"), id_=id_, caller=caller)
        assert first.id != other.id
        assert SessionState() == other.state
    assert (await session(run, turns("hello", "hi", "x"), id_=id_)).state == SET


async def test_anothers_first_turn_forgets_nothing_of_mine() -> None:
    run = Run(Sessions)
    await (await session(run, turns("hello"), caller="a")).save(SET)
    await session(run, turns("hello"), caller="b")
    assert (await session(run, turns("hello", "hi", "x"), caller="a")).state == SET


async def test_it_is_forgotten_so_long_after_its_last_request() -> None:
    run = Run(Sessions, {"ttl": "100s"})
    await (await session(run, turns("hello"))).save(SET)
    for _ in range(3):
        run.clock.now += 99
        assert (await session(run, turns("hello", "hi", "x"))).state == SET
    run.clock.now += 101
    assert SessionState() == (await session(run, turns("hello", "hi", "x"))).state


@pytest.mark.parametrize(
    "kept", [b"", b"not json", b"[]", b'{"model": 5}', b'{"params": 1}', b"\xff\xfe", b"null"]
)
async def test_a_corrupted_state_is_an_empty_one(kept: bytes) -> None:
    run = Run(Sessions)
    first = await session(run, turns("hello", "hi", "x"))
    await run.stage.kit.store.save(f"session:{first.id}", kept, 60)
    assert SessionState() == (await session(run, turns("hello", "hi", "x"))).state


async def test_an_unsaved_session_leaves_nothing_behind() -> None:
    run = Run(Sessions)
    found = await session(run, turns("hello", "hi", "x"))
    assert await run.stage.kit.store.load(f"session:{found.id}") is None


async def test_saving_a_state_changes_no_other_field_of_it() -> None:
    run = Run(Sessions)
    found = await session(run, turns("hello"), id_="mine")
    await found.save(SessionState(None, {"seed": 7, "reasoning_effort": "low"}))
    again = await session(run, turns("hello"), id_="mine")
    assert SessionState(None, {"seed": 7, "reasoning_effort": "low"}) == again.state


async def test_the_id_is_noted_and_tells_nothing_of_the_conversation() -> None:
    run = Run(Sessions)
    asked = exchange(turns("hello"), id_="my-secret-name")
    await run(asked)
    noted = asked.trace.notes["session"]
    assert run.seen[0].session is not None
    assert run.seen[0].session.id == noted
    assert len(noted) == 32
    assert "secret" not in noted


async def test_the_request_itself_goes_on_as_it_came() -> None:
    run = Run(Sessions)
    asked = exchange(turns("hello"))
    await run(asked)
    assert asked.request is run.seen[0].request


async def test_text_that_is_no_unicode_is_no_obstacle() -> None:
    found = await session(Run(Sessions), turns("\ud800"), id_="\udcff")
    assert len(found.id) == 32
