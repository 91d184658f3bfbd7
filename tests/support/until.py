"""Waiting for what happens soon."""

import asyncio
from collections.abc import Callable


async def until(true: Callable[[], bool], seconds: float = 2.0) -> None:
    """Return when `true()` is; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - a poll is plain enough for a test
            await asyncio.sleep(0.005)
