"""The events of a streamed answer, as its bytes come in."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Self

import aiohttp

from llm_proxy.pipeline.dialects.dialect import StreamReader
from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Event, Failure

FOREIGN = (aiohttp.ClientError, OSError, asyncio.TimeoutError)
"""What the HTTP client raises."""

_LAST_BYTES = 1.0
"""Seconds to wait for the end of a body whose last event has come, to keep the connection."""


class StreamedAnswer:
    """An object and not a generator: one that is dropped half-way leaves nothing for the event loop
    to clean up. `clean` passes every piece of the body, `renamed` every error."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        reader: StreamReader,
        clean: Callable[[bytes], bytes],
        renamed: Callable[[BaseException], ProxyError],
    ) -> None:
        self._response = response
        self._reader = reader
        self._clean = clean
        self._renamed = renamed
        self._read = False
        self._failed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sequence[Event]:
        while not self._read:
            try:
                data = await self._response.content.readany()
            except FOREIGN as error:
                raise self._renamed(error) from error
            self._read = not data
            if events := self._reader.feed(self._clean(data)) if data else self._reader.close():
                self._failed = isinstance(events[-1], Failure)
                return events
        raise StopAsyncIteration

    def close(self) -> Awaitable[None] | None:
        """Give the connection back if the body is over or about to be, else close it. Behind a
        failure another target may be waited for, so that is not."""
        if self._reader.ended and not self._failed and not self._response.content.is_eof():
            return self._read_to_the_end()
        self._response.close()
        return None

    async def _read_to_the_end(self) -> None:
        try:
            async with asyncio.timeout(_LAST_BYTES):
                await self._response.content.readany()
        except FOREIGN:
            pass
        finally:
            self._response.close()
