"""One chat request: from HTTP through a chain and back."""

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import getrandbits

from aiohttp import web

from llm_proxy.pipeline.chain import Pipeline
from llm_proxy.pipeline.config import ServerConfig
from llm_proxy.pipeline.dialects.dialect import Dialect
from llm_proxy.pipeline.dialects.doors import Door, dialect_for, door_of
from llm_proxy.pipeline.errors import NotFound, ProxyError, Timeout, Unavailable
from llm_proxy.pipeline.exchange import Client, Exchange
from llm_proxy.pipeline.log_line import LogLine
from llm_proxy.pipeline.proxy import Proxy
from llm_proxy.pipeline.time_limit import TimeLimit
from llm_proxy.pipeline.trace import Trace
from llm_proxy.web.answers import error_response, send_whole
from llm_proxy.web.body import read_body
from llm_proxy.web.client import client_of
from llm_proxy.web.departures import Departures
from llm_proxy.web.drains import Drains
from llm_proxy.web.generations import Generations
from llm_proxy.web.stream import AnswerStream

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

_NO_QUERY: Mapping[str, str] = {}

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Visit:
    """What is known of a request before it is read, and its stream once one is asked for."""

    request: web.Request
    path: str
    id: str
    trace: Trace
    dialect: Dialect
    door: Door | None
    began: float = field(default_factory=time.monotonic)
    stream: AnswerStream | None = None

    @classmethod
    def of(cls, request: web.Request, path: str) -> "Visit":
        """A client's own id is kept where it is safe to write into a log."""
        given = request.headers.get("x-request-id")
        id_ = given if given and _REQUEST_ID.fullmatch(given) else f"{getrandbits(128):032x}"
        query = request.query if "?" in request.raw_path else _NO_QUERY
        door = door_of(path, query)
        dialect = door.dialect if door else dialect_for(path, request.headers, query)
        return cls(request, path, id_, Trace(), dialect, door)


class Chat:
    """Answers chat requests, at most as many at once as the file allows."""

    def __init__(self, generations: Generations, drains: Drains) -> None:
        self._generations = generations
        self._drains = drains
        self._departures = Departures()
        self._open = 0

    async def answer(self, request: web.Request, path: str) -> web.StreamResponse:
        """Answer `request` as the served path `path` does; every failure is an HTTP answer."""
        visit = Visit.of(request, path)
        server = self._generations.server
        watch_no_longer = self._departures.watch(request)
        try:
            if server.on_disconnect == "cancel":
                return await self._answered(visit)
            work = self._answered(visit)
            return await self._drains.run(work, request, visit.trace, server.drain_timeout)
        finally:
            watch_no_longer()

    async def _answered(self, visit: Visit) -> web.StreamResponse:
        try:
            with self._generations.borrow() as proxy:
                return await self._served(visit, proxy)
        except ProxyError as error:
            failure = error
        except Exception:
            # Whatever a stage does wrong, the client gets an answer and the log the traceback.
            _log.exception("internal error", extra={"request_id": visit.id})
            failure = ProxyError("internal error; the log has more under this request id")
        if not visit.trace.stages:
            line = LogLine(
                message="request refused",
                request_id=visit.id,
                path=visit.path,
                backend=None,
                model=None,
                latency_ms=round((time.monotonic() - visit.began) * 1000, 3),
                tokens_used=None,
                attempts=0,
                status=failure.status,
                error=failure.for_log,
            )
            _log.info(line)
        if visit.stream and visit.stream.begun:
            return await visit.stream.fail(failure)
        return error_response(failure, visit.dialect, visit.id, visit.trace)

    async def _served(self, visit: Visit, proxy: Proxy) -> web.StreamResponse:
        door = visit.door
        pipeline = proxy.by_path.get(door.served) if door else None
        if door is None or pipeline is None:
            raise NotFound(f"nothing is served at {visit.path}", code="not_found")
        server = proxy.plan.config.server
        client = client_of(visit.request, server.trusted_proxies)
        # Before a slot is taken and the body is read: strangers get neither.
        pipeline = proxy.chain_for(await pipeline.admit(client), pipeline)
        if self._open >= server.max_concurrent_requests:
            raise Unavailable("too many requests at once", retry_after=1)
        self._open += 1
        try:
            return await self._exchange(visit, door, client, pipeline, server)
        finally:
            self._open -= 1

    async def _exchange(
        self, visit: Visit, door: Door, client: Client, pipeline: Pipeline, server: ServerConfig
    ) -> web.StreamResponse:
        limit = TimeLimit(server.request_timeout)
        visit.trace.timed_out = lambda: limit.is_over
        try:
            with limit:
                body = await read_body(visit.request, server.max_request_bytes)
                asked = door.dialect.read_request(
                    body, model=door.model, stream=door.stream, counts_only=door.counts_only
                )
                exchange = Exchange(visit.id, asked, visit.trace, client)
                if not asked.stream:
                    async with await pipeline(exchange) as reply:
                        return await send_whole(reply, exchange, visit.dialect)
                stream = AnswerStream(exchange, visit.dialect, visit.request, server.heartbeat)
                visit.stream = stream
                async with stream.heartbeat, await pipeline(exchange) as reply:
                    await reply.primed()
                    limit.lift()
                    return await stream.send(reply, drain=server.on_disconnect == "drain")
        except TimeoutError:
            if not limit.is_over:
                raise
            seconds = server.request_timeout
            raise Timeout(f"the request took longer than {seconds:g} s") from None
