"""Two attempts at once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from llm_proxy.pipeline.errors import UpstreamBroken, UpstreamUnavailable
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.stages.failover.race import raced
from tests.support.stages import said
from tests.support.virtual_time import in_virtual_time

FIRST, SECOND = UpstreamUnavailable("first"), UpstreamBroken("second")


class Track:
    """Runners, and what became of their replies."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def runner(
        self, name: str, seconds: float, error: Exception | None = None, lingers: float = 0
    ) -> Callable[[], Coroutine[Any, Any, Reply]]:
        async def run() -> Reply:
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                await asyncio.sleep(lingers)
                self.log.append(f"{name} cancelled")
                raise
            if error:
                raise error
            self.log.append(f"{name} answers")
            return Reply.of(Head("b", name), said(name)).on_close(
                lambda: self.log.append(f"{name} closed")
            )

        return run


def winner(track: Track, *runners: Callable[[], Coroutine[Any, Any, Reply]] | None) -> str:
    first, second = runners
    assert first

    async def run() -> str:
        async with await raced(first, lambda: second, 1.0) as reply:
            track.log.append("given")
            return reply.head.model

    return in_virtual_time(run())


def test_one_that_is_in_time_is_alone() -> None:
    track = Track()
    assert winner(track, track.runner("a", 0.9), track.runner("b", 0)) == "a"
    assert track.log == ["a answers", "given", "a closed"]


def test_the_second_wins_and_the_first_is_gone_before_it_is_given() -> None:
    track = Track()
    assert winner(track, track.runner("a", 9, lingers=1), track.runner("b", 2)) == "b"
    assert track.log == ["b answers", "a cancelled", "given", "b closed"]


def test_the_first_may_win_after_all() -> None:
    track = Track()
    assert winner(track, track.runner("a", 2), track.runner("b", 9)) == "a"
    assert track.log == ["a answers", "b cancelled", "given", "a closed"]


def test_who_answers_in_the_same_moment_and_loses_is_closed() -> None:
    track = Track()
    assert winner(track, track.runner("a", 3), track.runner("b", 2)) == "a"
    assert track.log.index("b closed") < track.log.index("given")


def test_without_a_second_the_first_is_waited_for() -> None:
    track = Track()
    assert winner(track, track.runner("a", 5), None) == "a"


@pytest.mark.parametrize(("one", "two"), [(2, 9), (9, 2)])
def test_the_failure_of_one_is_none_while_the_other_runs(one: float, two: float) -> None:
    track = Track()
    errors = (FIRST, None) if one < two else (None, SECOND)
    first = track.runner("a", one, errors[0])
    assert winner(track, first, track.runner("b", two, errors[1])) == ("b" if one < two else "a")


def test_when_both_fail_the_last_error_is_told() -> None:
    track = Track()
    with pytest.raises(UpstreamUnavailable, match="first"):
        winner(track, track.runner("a", 9, FIRST), track.runner("b", 2, SECOND))


def test_a_failure_in_time_starts_no_second() -> None:
    track = Track()
    with pytest.raises(UpstreamUnavailable, match="first"):
        winner(track, track.runner("a", 0.5, FIRST), track.runner("b", 0))
    assert track.log == []


@pytest.mark.parametrize("after", [0.5, 1.5])
def test_a_cancelled_race_leaves_nobody_running(after: float) -> None:
    track = Track()
    first, second = track.runner("a", 9, lingers=1), track.runner("b", 9, lingers=2)

    async def run() -> None:
        task = asyncio.ensure_future(raced(first, lambda: second, 1.0))
        await asyncio.sleep(after)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    in_virtual_time(run())
    assert len(track.log) == (1 if after < 1 else 2)


def test_who_has_won_is_closed_if_nobody_waits_while_the_other_is_given_up() -> None:
    track = Track()
    first, second = track.runner("a", 9, lingers=2), track.runner("b", 1)

    async def run() -> None:
        task = asyncio.ensure_future(raced(first, lambda: second, 1.0))
        await asyncio.sleep(3)
        assert track.log == ["b answers"]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    in_virtual_time(run())
    assert track.log == ["b answers", "a cancelled", "b closed"]


def test_all_who_have_answered_are_closed_though_it_is_cancelled_meanwhile() -> None:
    closed: list[str] = []

    def runner(name: str) -> Callable[[], Coroutine[Any, Any, Reply]]:
        async def close() -> None:
            await asyncio.sleep(2)
            closed.append(name)

        async def run() -> Reply:
            await asyncio.sleep(3 if name == "a" else 2)
            return Reply.of(Head("b", name), said(name)).on_close(close)

        return run

    async def run() -> None:
        task = asyncio.ensure_future(raced(runner("a"), lambda: runner("b"), 1.0))
        for seconds in (3, 1):
            await asyncio.sleep(seconds)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    in_virtual_time(run())
    assert sorted(closed) == ["a", "b"]
