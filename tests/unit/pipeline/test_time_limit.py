"""A limit of time for what a task waits for."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.time_limit import TimeLimit
from tests.support.virtual_time import in_virtual_time

Limited = Callable[[float], AbstractAsyncContextManager[object]]
Log = list[tuple[str, float]]

SECONDS = st.sampled_from([-1.0, 0.0, 1.0, 2.0, 3.0])


@asynccontextmanager
async def ours(seconds: float) -> AsyncGenerator[None, None]:
    with TimeLimit(seconds):
        yield


async def work(limited: Limited, outer: float, inner: float, takes: float, log: Log) -> None:
    """Something inside of two limits, and something after each."""

    def note(what: str) -> None:
        log.append((what, asyncio.get_running_loop().time()))

    try:
        async with limited(outer):
            try:
                async with limited(inner):
                    await asyncio.sleep(takes)
                    note("done")
            except TimeoutError:
                note("inner")
            await asyncio.sleep(1)
            note("behind")
    except TimeoutError:
        note("outer")
    await asyncio.sleep(1)
    note("end")


def told(limited: Limited, outer: float, inner: float, takes: float, cancel: float) -> Log:
    async def run() -> Log:
        log = Log()
        task = asyncio.ensure_future(work(limited, outer, inner, takes, log))
        await asyncio.sleep(cancel)
        task.cancel()
        await asyncio.wait([task])
        return [*log, ("cancelled" if task.cancelled() else "returned", 0.0)]

    return in_virtual_time(run())


@given(SECONDS, SECONDS, SECONDS, st.sampled_from([0.0, 1.0, 2.0, 2.5, 9.0]))
def test_it_does_what_the_one_of_the_standard_library_does(
    outer: float, inner: float, takes: float, cancel: float
) -> None:
    assert told(asyncio.timeout, outer, inner, takes, cancel) == told(
        ours, outer, inner, takes, cancel
    )


async def test_an_error_inside_is_told_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), TimeLimit(1):
        raise ZeroDivisionError


async def test_a_time_that_is_over_without_a_wait_cancels_nobody_later() -> None:
    with TimeLimit(0):
        pass
    await asyncio.sleep(0.01)


async def test_a_limit_that_is_lifted_ends_nothing() -> None:
    limit = TimeLimit(0.01)
    with limit:
        limit.lift()
        await asyncio.sleep(0.02)
    assert not limit.is_over
