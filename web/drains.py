"""Answers that are read to their end though their clients have left."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiohttp import web

from llm_proxy.pipeline.trace import Trace
from llm_proxy.web.departures import has_left

ResultT = TypeVar("ResultT")


class Drains:
    """Lets the work for a request outlive its handler where the client leaves, for a limited time.

    Any other end of a handler ends the work too: the host's cancelling it, or the server's end.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._deadline: float | None = None

    async def run(
        self, work: Coroutine[Any, Any, ResultT], request: web.Request, trace: Trace, limit: float
    ) -> ResultT:
        """The result of `work`; it has `limit` seconds more if the client leaves meanwhile."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done() and has_left(request) and self._deadline is None:
                trace.notes["drained"] = True
                _limit(task, limit)
            else:
                task.cancel()
                await asyncio.wait([task])
            raise

    def end_within(self, seconds: float) -> None:
        """The server ends: nothing new is drained, and what is has so many seconds."""
        self._deadline = asyncio.get_running_loop().time() + seconds

    async def aclose(self) -> None:
        """Wait for the drains as long as they were given, then cancel them."""
        now = asyncio.get_running_loop().time()
        try:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=max((self._deadline or now) - now, 0))
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)


def _limit(task: asyncio.Task[Any], seconds: float) -> None:
    timer = asyncio.get_running_loop().call_later(seconds, task.cancel)

    def done(_task: object) -> None:
        timer.cancel()

    task.add_done_callback(done)
