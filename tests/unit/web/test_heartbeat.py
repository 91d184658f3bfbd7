import asyncio

import pytest

from llm_proxy.web.heartbeat import Heartbeat
from tests.support.until import until

OFTEN = 0.005


class Beats:
    """Counts beats, each of which lasts until it may end."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        await self.may_end.wait()
        self.ended += 1


async def test_it_beats_again_and_again_while_nothing_is_noted() -> None:
    beats = Beats()
    beats.may_end.set()
    async with Heartbeat(OFTEN, beats):
        await until(lambda: beats.ended >= 3)


async def test_it_does_not_beat_where_something_happens_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop, now = asyncio.get_running_loop(), 100.0
    looks: list[float] = []
    beats = Beats()
    heartbeat = Heartbeat(10, beats)
    with monkeypatch.context() as patched:
        patched.setattr(loop, "time", lambda: now)
        patched.setattr(loop, "call_at", lambda when, _look: looks.append(when))
        await heartbeat.__aenter__()
        now = 109.0
        heartbeat.note()
        now = 110.0
        heartbeat._look()
        assert heartbeat._beating is None
        now = 119.0
        heartbeat._look()
    assert heartbeat._beating is not None
    assert [110.0, 119.0, 129.0] == looks
    beats.may_end.set()
    await heartbeat.__aexit__(None, None, None)
    assert 1 == beats.ended


async def test_beats_do_not_pile_up() -> None:
    beats = Beats()
    async with Heartbeat(OFTEN, beats):
        await until(lambda: beats.begun == 1)
        await asyncio.sleep(OFTEN * 5)
        assert 1 == beats.begun
        beats.may_end.set()
        await until(lambda: beats.begun > 1)


async def test_a_beat_under_way_may_end() -> None:
    beats = Beats()
    before = asyncio.all_tasks()
    async with Heartbeat(OFTEN, beats):
        await until(lambda: beats.begun == 1)
        asyncio.get_running_loop().call_soon(beats.may_end.set)
    assert 1 == beats.ended
    assert before == asyncio.all_tasks()


@pytest.mark.parametrize("at_the_end", [True, False])
async def test_a_stuck_beat_ends_with_the_task_it_is_for(*, at_the_end: bool) -> None:
    beats = Beats()
    before = asyncio.all_tasks()

    async def wait() -> None:
        async with Heartbeat(OFTEN, beats):
            await until(lambda: beats.begun == 1)
            if not at_the_end:
                await asyncio.Event().wait()

    waiting = asyncio.ensure_future(wait())
    await until(lambda: beats.begun == 1)
    await asyncio.sleep(OFTEN * 2)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert 0 == beats.ended
    assert before == asyncio.all_tasks()
