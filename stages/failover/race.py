"""Two attempts at once, of which the first to answer counts."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from llm_proxy.pipeline.reply import Reply

Attempt = Callable[[], Coroutine[Any, Any, Reply]]


async def raced(first: Attempt, second: Callable[[], Attempt | None], late: float) -> Reply:
    """The answer of `first`, unless it is not there after `late` seconds and the attempt that
    `second` gives then is sooner. The other is cancelled and what it has is closed before this
    returns. Raises the error of the last to fail, once all have."""
    tasks = [asyncio.ensure_future(first())]
    try:
        done, _ = await asyncio.wait(tasks, timeout=late)
        if not done and (another := second()):
            tasks.append(asyncio.ensure_future(another()))
        reply = await _soonest(tasks)
    except BaseException:
        await _given_up(tasks)
        raise
    try:
        await _given_up(tasks)
    except asyncio.CancelledError:  # nobody takes the answer any more
        await reply.aclose()
        raise
    return reply


async def _soonest(tasks: list[asyncio.Task[Reply]]) -> Reply:
    """The first reply; it is taken out of `tasks`."""
    while True:
        done, running = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task in done and not task.cancelled() and task.exception() is None:
                tasks.remove(task)
                return task.result()
        if not running:
            return tasks[-1].result()  # raises
        tasks[:] = running


async def _given_up(tasks: list[asyncio.Task[Reply]]) -> None:
    """Cancel the tasks, wait until they have ended, and close what one may have got meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    for task in tasks:
        task.cancel()
    while not all(task.done() for task in tasks):
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError as error:  # they end soon, and then we do
            cancelled = error
    for task in tasks:
        if not task.cancelled() and task.exception() is None:
            try:
                await task.result().aclose()
            except asyncio.CancelledError as error:  # it is closed all the same
                cancelled = error
    if cancelled is not None:
        raise cancelled
