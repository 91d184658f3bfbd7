"""One request's hold on its session."""

from dataclasses import replace

import pytest

from llm_proxy.pipeline.session_state import NOTHING, SessionState
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.stages.session.conversation import Conversation
from llm_proxy.stages.session.recognition import Recognised
from tests.support.clock import Clock

ID = "f" * 32
NEW = Recognised(ID, "begins here", start="s")
OLD = Recognised(ID, "known by its beginning", answered="a")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(Clock())


async def test_of_one_that_begins_nothing_is_looked_up(store: MemoryStore) -> None:
    await store.save(f"session:{ID}", b'{"model": "x"}', 60)
    assert NOTHING == await Conversation(store, 60, NEW).state()
    assert SessionState(model="x") == await Conversation(store, 60, OLD).state()


async def test_it_is_known_by_another_key_as_long_as_something_is_set(store: MemoryStore) -> None:
    conversation = Conversation(store, 60, NEW)
    await conversation.update(lambda state: replace(state, model="x"))
    conversation.enter(None, "a", {})
    assert ID.encode() == await store.load("session-set:a")
    assert await store.load("session-answer:a") is None
    await conversation.update(lambda _: NOTHING)
    conversation.enter(None, "a", {})
    assert ID.encode() == await store.load("session-answer:a")


async def test_what_is_set_lives_as_long_as_there_are_requests() -> None:
    clock = Clock()
    store = MemoryStore(clock)
    await Conversation(store, 60, OLD).update(lambda state: replace(state, model="x"))
    for _ in range(3):
        clock.now += 59
        conversation = Conversation(store, 60, OLD)
        assert SessionState(model="x") == await conversation.state()
        conversation.enter(None, "a", {})
    clock.now += 61
    assert NOTHING == await Conversation(store, 60, OLD).state()


async def test_where_there_is_nothing_to_keep_nobody_is_bothered(store: MemoryStore) -> None:
    assert Conversation(store, 60, NEW).enter(None, None, {}) is None
    assert not store._shelves
