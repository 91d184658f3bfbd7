"""From a reply, or an error, to an HTTP answer."""

import re
from collections.abc import Sequence
from functools import lru_cache

from aiohttp import web

from llm_proxy.pipeline.dialects.dialect import Dialect
from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.trace import Attempt, Trace

JSON = "application/json"

_LONGEST_HEADER = 4000

_REMEMBERED = 256
"""Models, and orders of stages, whose headers are kept at hand."""

_NO_TOKEN = re.compile(r"[^A-Za-z0-9_.-]")

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


async def send_whole(reply: Reply, exchange: Exchange, dialect: Dialect) -> web.Response:
    """Wait for all of the answer; raises the error of one that breaks."""
    body = dialect.write_whole(exchange.request, await reply.collect())
    headers = {**answer_headers(reply, exchange, dialect), "Content-Type": JSON}
    return web.Response(body=body, headers=headers)


def error_response(
    error: ProxyError, dialect: Dialect, request_id: str, trace: Trace
) -> web.Response:
    """The error in the caller's dialect."""
    rendered = dialect.write_error(error, request_id)
    headers = {**rendered.headers, **_headers(request_id, trace, dialect), "Content-Type": JSON}
    if trace.attempts:
        headers |= _names(trace.attempts[-1].target.backend, trace.attempts[-1].target.model)
    return web.Response(status=rendered.status, body=rendered.body, headers=headers)


def answer_headers(reply: Reply, exchange: Exchange, dialect: Dialect) -> dict[str, str]:
    """What is known of an answer when it begins."""
    head = reply.head
    return _headers(exchange.id, exchange.trace, dialect) | _names(head.backend, head.model)


def id_headers(request_id: str, dialect: Dialect) -> dict[str, str]:
    """What is known of an answer before it is there."""
    headers = {"x-request-id": request_id}
    if dialect.id_header:
        headers[dialect.id_header] = request_id
    return headers


@lru_cache(_REMEMBERED)
def _names(backend: str, model: str) -> dict[str, str]:
    return {"x-llm-proxy-backend": _printable(backend), "x-llm-proxy-model": _printable(model)}


def _headers(request_id: str, trace: Trace, dialect: Dialect) -> dict[str, str]:
    headers = id_headers(request_id, dialect)
    for name, value in trace.headers.items():
        headers.setdefault(name, _printable(value))
    headers["x-llm-proxy-attempts"] = str(len(trace.attempts))
    if len(trace.attempts) > 1:
        headers["x-llm-proxy-tried"] = _printable(_tried(trace.attempts))[:_LONGEST_HEADER]
    if own := trace.own_seconds():
        milliseconds = [seconds * 1000 for seconds in own.values()]
        headers["Server-Timing"] = _timing(tuple(own)) % tuple(milliseconds)
    if trace.warnings:
        headers["x-llm-proxy-warnings"] = _printable("; ".join(trace.warnings))[:_LONGEST_HEADER]
    return headers


def _tried(attempts: Sequence[Attempt]) -> str:
    """What happened at each target, and after how many milliseconds."""
    return ", ".join(f"{one.target} {one.reason} {one.seconds * 1000:.0f}ms" for one in attempts)


def _printable(text: str) -> str:
    """Names come from clients: nothing in them may end a header."""
    return text if text.isascii() and text.isprintable() else _UNPRINTABLE.sub("?", text)


@lru_cache(_REMEMBERED)
def _timing(stages: Sequence[str]) -> str:
    """The template of a `Server-Timing` header, with the stages' names as HTTP tokens."""
    tokens = [_NO_TOKEN.sub("-", name) for name in stages]
    return ", ".join([f"{token};dur=%.3f" for token in tokens])
