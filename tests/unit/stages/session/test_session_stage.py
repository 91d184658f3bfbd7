"""Which conversation a request belongs to."""

import pytest

from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import Message
from llm_proxy.pipeline.session_state import NOTHING, SessionState
from llm_proxy.stages.session import Sessions
from tests.support.sessions import exchange, remember, session, turns
from tests.support.stages import Run

HOW = {"model": "local:echo", "params": {"temperature": 0.5}}
SET = SessionState(**HOW)  # type: ignore[arg-type]


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
    await remember(await session(run, turns("hello")), **HOW)
    assert (await session(run, turns("hello", "hi", "more"))).state == SET


async def test_the_same_first_words_again_begin_anew() -> None:
    run = Run(Sessions)
    await remember(await session(run, turns("hello")), **HOW)
    assert NOTHING == (await session(run, turns("hello"))).state
    assert NOTHING == (await session(run, turns("hello", "hi", "more"))).state


async def test_a_conversation_the_client_names_outlives_its_first_turn() -> None:
    run = Run(Sessions)
    first = await session(run, turns("hello"), id_="mine")
    await remember(first, **HOW)
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
    await remember(first, **HOW)
    for caller in ("b", None, "a\n"):
        other = await session(run, turns("hello", "hi", "x"), id_=id_, caller=caller)
        assert first.id != other.id
        assert NOTHING == other.state
    assert (await session(run, turns("hello", "hi", "x"), id_=id_)).state == SET


async def test_anothers_first_turn_forgets_nothing_of_mine() -> None:
    run = Run(Sessions)
    await remember(await session(run, turns("hello"), caller="a"), **HOW)
    await session(run, turns("hello"), caller="b")
    assert (await session(run, turns("hello", "hi", "x"), caller="a")).state == SET


async def test_it_is_forgotten_so_long_after_its_last_request() -> None:
    run = Run(Sessions, {"ttl": "100s"})
    await remember(await session(run, turns("hello")), **HOW)
    for _ in range(3):
        run.clock.now += 99
        assert (await session(run, turns("hello", "hi", "x"))).state == SET
    run.clock.now += 101
    assert NOTHING == (await session(run, turns("hello", "hi", "x"))).state


@pytest.mark.parametrize(
    "kept", [b"", b"not json", b"[]", b'{"model": 5}', b'{"params": 1}', b"\xff\xfe", b"null"]
)
async def test_a_corrupted_state_is_an_empty_one(kept: bytes) -> None:
    run = Run(Sessions)
    first = await session(run, turns("hello", "hi", "x"))
    await run.stage.kit.store.save(f"session:{first.id}", kept, 60)
    assert NOTHING == (await session(run, turns("hello", "hi", "x"))).state


async def test_an_unsaved_session_leaves_nothing_behind() -> None:
    run = Run(Sessions)
    found = await session(run, turns("hello", "hi", "x"))
    assert await run.stage.kit.store.load(f"session:{found.id}") is None


async def test_saving_a_state_changes_no_other_field_of_it() -> None:
    run = Run(Sessions)
    found = await session(run, turns("hello"), id_="mine")
    wanted = {"seed": 7, "reasoning_effort": "low"}
    await remember(found, params=wanted)
    again = await session(run, turns("hello"), id_="mine")
    assert SessionState(params=wanted) == again.state


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
