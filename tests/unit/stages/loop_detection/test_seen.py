"""When calls were first seen."""

from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.stages.loop_detection.history import history
from llm_proxy.stages.loop_detection.seen import Seen
from tests.support.clock import Clock
from tests.unit.stages.loop_detection.talking import done

WINDOW = 600.0
A, B = ("a", "{}", "x"), ("b", "{}", "y")


class Session:
    """A session whose turns come when a test says so."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(self.clock)

    async def recent(self, *calls: tuple[str, str, str], name: str = "s") -> int:
        """How many of the calls are recent; another replica is asked each time."""
        seen = Seen(self.store, self.clock)
        return len(await seen.within(name, history(done(*calls)), WINDOW))


async def test_what_is_new_is_recent() -> None:
    assert await Session().recent(A, A, B) == 3
    assert await Session().recent() == 0


async def test_what_was_seen_before_the_window_is_not() -> None:
    session = Session()
    await session.recent(A, A)
    session.clock.now += 400
    assert await session.recent(A, A, A) == 3
    session.clock.now += 400
    assert await session.recent(A, A, A, A) == 2
    session.clock.now += 500
    assert await session.recent(A, A, A, A, A) == 2


async def test_each_session_has_its_own_times() -> None:
    session = Session()
    await session.recent(A, A)
    session.clock.now += 599
    await session.recent(A, A, name="other")
    session.clock.now += 400
    assert await session.recent(A, A, A) == 1
    assert await session.recent(A, A, A, name="other") == 3


async def test_a_conversation_may_be_shortened() -> None:
    session = Session()
    await session.recent(A, A, A)
    session.clock.now += 700
    await session.recent(A, A, A, A)
    assert await session.recent(A, A) == 1


async def test_more_calls_than_are_kept() -> None:
    session = Session()
    await session.recent(*[A] * 200)
    session.clock.now += 500
    assert await session.recent(*[A] * 202) == 64
    session.clock.now += 500
    assert await session.recent(*[A] * 203) == 3


async def test_no_text_is_kept() -> None:
    session = Session()
    await session.recent(("tool-name", '{"secret": 1}', "some text"))
    kept = await session.store.load("loops:s")
    assert kept is not None
    assert not any(word in kept for word in (b"tool-name", b"secret", b"some text"))
