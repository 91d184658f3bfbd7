"""A streamed answer on its way to the client."""

from collections.abc import Sequence

from aiohttp import web

from llm_proxy.pipeline.dialects.dialect import Dialect
from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Event, Failure, KeepAlive
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.web.answers import answer_headers, id_headers
from llm_proxy.web.heartbeat import Heartbeat


class _Response(web.StreamResponse):
    """Sends its head with its first bytes, and not by itself: every piece costs as much to send as
    a short answer costs to pass through."""

    _send_headers_immediately = False


class AnswerStream:
    """Writes one answer, and a sign of life wherever the client would hear nothing for so many
    seconds, as long as `heartbeat` is entered: around all that may have to be waited for.

    The head goes out with the answer, or with the first sign of life before it. Then `begun` is
    true, and an error can be told in the stream alone.
    """

    def __init__(
        self, exchange: Exchange, dialect: Dialect, request: web.Request, longest_silence: float
    ) -> None:
        self.heartbeat = Heartbeat(longest_silence, self._give_a_sign)
        self._exchange = exchange
        self._dialect = dialect
        self._request = request
        self._headers = {
            **id_headers(exchange.id, dialect),
            "Content-Type": dialect.stream_type,
            "Cache-Control": "no-cache",
            "X-Accel-Buffering": "no",  # nginx would hold the stream back
        }
        self._response: web.StreamResponse | None = None
        self._writer = dialect.write_stream(exchange.request)
        self._is_writing = False
        self._is_over = False

    @property
    def begun(self) -> bool:
        """Whether the head is out."""
        return self._response is not None

    async def send(self, reply: Reply, *, drain: bool) -> web.StreamResponse:
        """Send events as they come; with `drain`, read them on where the client has left."""
        self._headers |= answer_headers(reply, self._exchange, self._dialect)
        async for events in reply:
            if reply.outcome != "open":
                # Who has seen the end may ask on at once: by then all must be settled.
                await reply.aclose()
                return await self._end(events)
            await self._write(events)
            if self._is_over:
                if not drain:
                    break
                self._exchange.trace.notes["drained"] = True
        return await self._end()

    async def fail(self, error: ProxyError) -> web.StreamResponse:
        """Tell an error in a stream that has begun."""
        return await self._end([Failure(error)])

    async def _write(self, events: Sequence[Event], *, is_end: bool = False) -> None:
        """Write `events`, after the head; nothing once the client has left."""
        if self._is_writing:
            await self.heartbeat.quiet()  # half a head, or half a chunk, is none
        if self._is_over:
            return
        self._is_writing, self._is_over = True, is_end
        try:
            response = await self._begin() if self._response is None else self._response
            data = self._writer.write(events)
            if is_end:
                await response.write_eof(data)
            elif data:
                await response.write(data)
            if data:
                self.heartbeat.note()
        except ConnectionError:
            self._is_over = True
        finally:
            self._is_writing = False

    async def _end(self, events: Sequence[Event] = ()) -> web.StreamResponse:
        await self._write(events, is_end=True)
        return self._response or web.StreamResponse()

    async def _begin(self) -> web.StreamResponse:
        response = _Response(headers=self._headers)
        await response.prepare(self._request)
        self._response = response
        return response

    async def _give_a_sign(self) -> None:
        """Not where a write is under way, or the client has yet to read the last ones."""
        if not self._is_writing and not self._request.protocol.writing_paused:
            await self._write([KeepAlive()])
