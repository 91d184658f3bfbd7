"""Each of many waits may take so long, and no longer."""

import asyncio

import pytest

from llm_proxy.pipeline.patience import Patience

SHORT = 0.02


async def _after(seconds: float, value: str = "there") -> str:
    await asyncio.sleep(seconds)
    return value


async def test_what_is_there_in_time_is_the_result() -> None:
    patience = Patience(60)
    assert "there" == await patience.wait_for(_after(0))
    patience.stop()


async def test_what_takes_too_long_is_ended_and_told() -> None:
    patience = Patience(SHORT)
    waiting = asyncio.ensure_future(asyncio.Event().wait())
    with pytest.raises(TimeoutError):
        await patience.wait_for(waiting)
    assert waiting.cancelled()
    assert 0 == _current().cancelling()


async def test_each_wait_has_all_of_the_time() -> None:
    patience = Patience(4 * SHORT)
    for _ in range(4):
        assert "there" == await patience.wait_for(_after(2 * SHORT))
    patience.stop()


async def test_the_time_between_two_waits_does_not_count() -> None:
    patience = Patience(SHORT)
    await patience.wait_for(_after(0))
    await asyncio.sleep(2 * SHORT)
    assert "there" == await patience.wait_for(_after(SHORT / 4))
    with pytest.raises(TimeoutError):
        await patience.wait_for(_after(60))


async def test_one_timer_serves_many_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    made: list[float] = []
    patience = Patience(60)
    with monkeypatch.context() as patched:
        patched.setattr(loop, "call_later", lambda seconds, _look: made.append(seconds) or "timer")
        for _ in range(3):
            await patience.wait_for(_after(0))
    assert [60] == made


async def test_who_is_cancelled_by_others_is_cancelled() -> None:
    waiting = asyncio.ensure_future(Patience(60).wait_for(_after(60)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_who_is_cancelled_by_others_as_well_is_cancelled() -> None:
    patience = Patience(60)
    waiting = asyncio.ensure_future(patience.wait_for(_after(60)))
    await asyncio.sleep(0)
    patience._since = -1e9
    patience._look()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_an_error_of_the_result_is_told_as_it_is() -> None:
    async def fail() -> None:
        raise ValueError("broken")

    patience = Patience(60)
    with pytest.raises(ValueError, match="broken"):
        await patience.wait_for(fail())
    patience.stop()


def _current() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task
