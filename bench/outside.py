"""Vendor and client of a server that runs in this process: on an event loop in a thread of their
own, so that a profile of the main thread shows the server alone."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Self, TypeVar

import aiohttp
import uvloop
from aiohttp import web

from bench import vendor
from bench.processes import KEY

_T = TypeVar("_T")

_HELD_BACK = 0.05


class Outside:
    """`address` is the vendor's. Of a paced stream it sends a chunk when the client has read the
    one before: one at a time, on a slow machine too."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._read = asyncio.Event()
        self.address = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._open()).result()
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _open(self) -> None:
        self._runner = web.AppRunner(vendor.application(self._pause), access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
        self._http = aiohttp.ClientSession(headers=headers)

    async def _close(self) -> None:
        await self._http.close()
        await self._runner.cleanup()

    async def _pause(self, _: float) -> None:
        """Until the client has read something; but a proxy may hold a stream's beginning back."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._read.wait(), _HELD_BACK)
        self._read.clear()

    async def ask(self, url: str, body: bytes, times: int) -> None:
        """Send a request so many times, one after the other; for the main thread."""
        await asyncio.wrap_future(self._run(self._ask(url, body, times)))

    async def _ask(self, url: str, body: bytes, times: int) -> None:
        for _ in range(times):
            async with self._http.post(url, data=body) as response:
                async for _data in response.content.iter_any():
                    self._read.set()
                if response.status != 200:  # noqa: PLR2004
                    raise RuntimeError(f"status {response.status}")
            self._read.clear()
