"""What is done at the end of an answer, whatever becomes of whoever waits for it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial

from llm_proxy.pipeline.errors import StateAway

Closer = Callable[[], Awaitable[object] | None]

_log = logging.getLogger(__name__)


async def close_all(closers: Iterable[Closer]) -> None:
    """Call one after the other: every closer runs, even if one fails or the caller is cancelled
    meanwhile, who is told so when all have run.

    Most do not wait for anything. From the first on that may, they run in a task of their own.
    """
    left = iter(closers)
    for close in left:
        try:
            pending = close()
        except Exception:
            # One closer's failure must not keep the others from running.
            _log.exception("closing an answer failed")
        else:
            if pending is not None:
                await _shielded(_close_the_rest(pending, left))


async def _close_the_rest(pending: Awaitable[object], left: Iterator[Closer]) -> None:
    try:
        await pending
    except (StateAway, asyncio.CancelledError):  # the former is told once, not by every request
        pass
    except Exception:
        # As above.
        _log.exception("closing an answer failed")
    await close_all(left)


async def _shielded(work: Awaitable[None]) -> None:
    """Wait for the end of `work` in any case; raises the cancellation that came meanwhile."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    wait: Callable[[], Awaitable[object]] = _a_moment
    while not task.done():
        try:
            await wait()
        except asyncio.CancelledError as error:
            cancelled = error
        wait = partial(asyncio.wait, [task])
    if cancelled is not None:
        raise cancelled


def _a_moment() -> Awaitable[object]:
    """In memory nothing waits; then one turn of the loop is all it needs, and costs a third."""
    return asyncio.sleep(0)
