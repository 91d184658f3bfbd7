"""From a reply, or an error, to an HTTP answer."""

import asyncio
import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import cache

from aiohttp import web

from llm_proxy.pipeline.dialects.dialect import Dialect
from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Failure, KeepAlive
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.trace import Attempt, Trace

JSON = "application/json"

LONGEST_SILENCE = 15.0
"""Seconds for which a writer may hold back what comes, as where a dialect has a tool call in one
piece; then the client gets a sign of life."""

_LONGEST_HEADER = 4000

_log = logging.getLogger(__name__)

_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


async def send_whole(reply: Reply, exchange: Exchange, dialect: Dialect) -> web.Response:
    """Wait for all of the answer; raises the error of one that breaks."""
    body = dialect.write_whole(exchange.request, await reply.collect())
    headers = {**_answer_headers(reply, exchange, dialect), "Content-Type": JSON}
    return web.Response(body=body, headers=headers)


async def send_stream(
    reply: Reply, exchange: Exchange, dialect: Dialect, request: web.Request
) -> web.StreamResponse:
    """Send events as they come. The head goes out with the first of them."""
    writer = dialect.write_stream(exchange.request)
    response = web.StreamResponse(
        headers={
            **_answer_headers(reply, exchange, dialect),
            "Content-Type": dialect.stream_type,
            "Cache-Control": "no-cache",
            "X-Accel-Buffering": "no",  # nginx would hold the stream back
        }
    )
    now = asyncio.get_running_loop().time
    with suppress(ConnectionResetError):  # the client may leave while we write
        await response.prepare(request)
        written = now()
        try:
            async for events in reply:
                data = writer.write(events)
                if not data and now() - written > LONGEST_SILENCE:
                    data = writer.write([KeepAlive()])
                if data:
                    await response.write(data)
                    written = now()
        except ConnectionResetError:
            raise
        except Exception as error:
            # The head is out, so what a stage's step does wrong can only be told in the stream.
            _log.exception("internal error", extra={"request_id": exchange.id})
            reply.fail(error)
            await response.write(writer.write([Failure(ProxyError("internal error"))]))
        await response.write_eof()
    return response


def error_response(
    error: ProxyError, dialect: Dialect, request_id: str, trace: Trace
) -> web.Response:
    """The error in the caller's dialect."""
    rendered = dialect.write_error(error, request_id)
    headers = {**rendered.headers, **_headers(request_id, trace, dialect), "Content-Type": JSON}
    if trace.attempts:
        headers |= _names(trace.attempts[-1].target.backend, trace.attempts[-1].target.model)
    return web.Response(status=rendered.status, body=rendered.body, headers=headers)


def _answer_headers(reply: Reply, exchange: Exchange, dialect: Dialect) -> dict[str, str]:
    head = reply.head
    return {**_headers(exchange.id, exchange.trace, dialect), **_names(head.backend, head.model)}


def _names(backend: str, model: str) -> dict[str, str]:
    return {"x-llm-proxy-backend": _printable(backend), "x-llm-proxy-model": _printable(model)}


def _headers(request_id: str, trace: Trace, dialect: Dialect) -> dict[str, str]:
    headers = {"x-request-id": request_id, "x-llm-proxy-attempts": str(len(trace.attempts))}
    if len(trace.attempts) > 1:
        headers["x-llm-proxy-tried"] = _printable(_tried(trace.attempts))[:_LONGEST_HEADER]
    if dialect.id_header:
        headers[dialect.id_header] = request_id
    if own := trace.own_seconds():
        timings = (f"{_token(name)};dur={seconds * 1000:.3f}" for name, seconds in own.items())
        headers["Server-Timing"] = ", ".join(timings)
    if trace.warnings:
        headers["x-llm-proxy-warnings"] = _printable("; ".join(trace.warnings))[:_LONGEST_HEADER]
    return headers


def _tried(attempts: Sequence[Attempt]) -> str:
    """What happened at each target, and after how many milliseconds."""
    return ", ".join(f"{one.target} {one.reason} {one.seconds * 1000:.0f}ms" for one in attempts)


def _printable(text: str) -> str:
    """Names come from clients: nothing in them may end a header."""
    return text if _PRINTABLE.fullmatch(text) else _UNPRINTABLE.sub("?", text)


@cache
def _token(name: str) -> str:
    """A stage's name as an HTTP token."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", name)
