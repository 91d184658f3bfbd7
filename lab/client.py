"""A client that asks one question and keeps all that it sees."""

import asyncio
from collections.abc import Mapping
from dataclasses import field, replace
from http import HTTPStatus
from typing import Literal
from urllib.parse import quote

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from llm_proxy.lab.routes import Route
from llm_proxy.pipeline.dialects.dialect import Dialect, Recipient
from llm_proxy.pipeline.dialects.doors import SERVED_BY
from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import LAST, Event, Failure, Finish, TextDelta
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.pipeline.trace import Target

PATIENCE = 5.0
"""Seconds after which a client gives up: longer than any limit of the lab's plans."""

_MODEL_IN_PATH = "/v1beta"
"""The end of a served path below which clients put the model and the form of the answer."""

Ending = Literal["well", "error", "unfinished", "garbled", "broken", "late"]
"""How it ended: as an answer or an error should; without end or error though the body was over; as
something that is no answer; with a broken connection; not in time."""


@record
class Seen:
    """What a client sees. `status` is None where no HTTP answer came; `error` is what it was told,
    before anything else or in the stream behind `events`."""

    ending: Ending
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=CIMultiDict[str])
    events: tuple[Event, ...] = ()
    error: ProxyError | None = None

    @property
    def text(self) -> str:
        """The text that came."""
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def finish(self) -> str:
        """Why the answer ended, or an empty string."""
        return next((str(e.reason) for e in self.events if isinstance(e, Finish)), "")

    @property
    def tries(self) -> int:
        """How often a backend was asked, as the headers tell."""
        return int(self.headers.get("x-llm-proxy-attempts", "0"))

    @property
    def target(self) -> Target:
        """Who answered, as the headers tell."""
        at = self.headers.get
        return Target(at("x-llm-proxy-backend", "?"), at("x-llm-proxy-model", "?"))


async def ask(base: str, route: Route, request_id: str, *, stream: bool) -> Seen:
    """Ask the server at `base` for a route's model, as a client of the route's path would."""
    dialect = next(speaks for end, speaks in SERVED_BY.items() if route.path.endswith(end))
    question = ChatRequest(route.model, (Message("user", (Text("Who answers?"),)),), stream=stream)
    body = dialect.write_request(question, Recipient(route.model)).body
    headers = {"Content-Type": "application/json", "x-request-id": request_id}
    url = URL(base + _path(route, stream=stream), encoded=True)
    response: aiohttp.ClientResponse | None = None
    data, cut_off = bytearray(), None
    try:
        async with (
            asyncio.timeout(PATIENCE),
            aiohttp.ClientSession() as http,
            http.post(url, data=body, headers=headers) as response,
        ):
            async for piece in response.content.iter_any():
                data += piece
    except TimeoutError:
        cut_off = Seen("late")
    except aiohttp.ClientError:
        cut_off = Seen("broken")
    if response is None:
        return cut_off or Seen("broken")
    read = _read_stream if stream else _read_whole
    if response.status != HTTPStatus.OK:
        seen = Seen(
            "error", error=dialect.read_error(response.status, response.headers, bytes(data))
        )
    else:
        seen = read(dialect, bytes(data))
    ending = cut_off.ending if cut_off else seen.ending
    return replace(seen, ending=ending, status=response.status, headers=response.headers)


def _read_stream(dialect: Dialect, data: bytes) -> Seen:
    reader = dialect.read_stream()
    events = reader.feed(data)
    ending: Ending = "error"
    if not _ends(events):
        events += reader.close()
        ending = "unfinished"
    last = events.pop() if _ends(events) else None
    error = last.error if isinstance(last, Failure) else None
    return Seen(ending if error else "well", events=tuple(events), error=error)


def _read_whole(dialect: Dialect, data: bytes) -> Seen:
    try:
        return Seen("well", events=tuple(dialect.read_whole(data)))
    except ProxyError as error:
        return Seen("garbled", error=error)


def _ends(events: list[Event]) -> bool:
    return bool(events) and isinstance(events[-1], LAST)


def _path(route: Route, *, stream: bool) -> str:
    if not route.path.endswith(_MODEL_IN_PATH):
        return quote(route.path)
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return f"{quote(route.path)}/models/{quote(route.model)}:{method}"
