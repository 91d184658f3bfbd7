"""One streamed answer, written to a real connection."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, cast
from unittest.mock import Mock

import pytest
from aiohttp import ServerDisconnectedError, web
from aiohttp.test_utils import make_mocked_request

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import End, Event, KeepAlive, TextDelta, ToolCallDelta, ToolCallStart
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.web.stream import AnswerStream
from tests.support.stages import asking, said
from tests.support.until import until

CHAT = DIALECTS["openai_chat"]
SIGN = b": keep-alive\n\n"
LONG = 60.0

Act = Callable[[AnswerStream], Awaitable[web.StreamResponse]]


class Batches:
    """A source of events that a test feeds."""

    def __init__(self, *batches: Sequence[Event]) -> None:
        self.queue: asyncio.Queue[Sequence[Event] | None] = asyncio.Queue()
        for batch in batches:
            self.queue.put_nowait(batch)

    def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        return self

    async def __anext__(self) -> Sequence[Event]:
        if (batch := await self.queue.get()) is None:
            raise StopAsyncIteration
        return batch


class Host:
    """An application whose one handler writes a stream as a test says."""

    def __init__(self, dialect: str = "openai_chat", heartbeat: float = LONG) -> None:
        self.dialect = DIALECTS[dialect]
        self.heartbeat = heartbeat
        self.exchange: Exchange = asking()
        self.act: Act | None = None
        self.app = web.Application()
        self.app.router.add_post("/", self._handle)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        assert self.act
        stream = AnswerStream(self.exchange, self.dialect, request, self.heartbeat)
        async with stream.heartbeat:
            return await self.act(stream)


def _reply(source: Batches) -> Reply:
    return Reply(Head("b", "m"), source)


async def test_who_sees_the_end_sees_all_settled(aiohttp_client: Any) -> None:
    host, settled = Host(), asyncio.Event()
    start, text, *end = said("hi")

    async def act(stream: AnswerStream) -> web.StreamResponse:
        reply = _reply(Batches([start, text], end)).on_close(settled.wait)
        return await stream.send(reply, drain=False)

    host.act = act
    client = await aiohttp_client(host.app)
    async with client.post("/") as response:
        assert b'"hi"' in await response.content.readany()
        rest = asyncio.ensure_future(response.content.read())
        await asyncio.sleep(0.05)
        assert not rest.done()
        settled.set()
        assert (await rest).endswith(b"data: [DONE]\n\n")


async def test_an_answer_with_its_head(aiohttp_client: Any) -> None:
    host = Host()

    async def act(stream: AnswerStream) -> web.StreamResponse:
        return await stream.send(Reply.of(Head("b", "m"), said("hi")), drain=False)

    host.act = act
    client = await aiohttp_client(host.app)
    async with client.post("/") as response:
        body = await response.read()
    assert body.endswith(b"data: [DONE]\n\n")
    assert b'"hi"' in body
    assert host.exchange.id == response.headers["x-request-id"]
    assert ("b", "m", "0") == tuple(
        response.headers[f"x-llm-proxy-{name}"] for name in ("backend", "model", "attempts")
    )
    assert "text/event-stream; charset=utf-8" == response.headers["Content-Type"]
    assert "no-cache" == response.headers["Cache-Control"]


async def test_signs_of_life_before_the_answer_have_the_head_that_is_known(
    aiohttp_client: Any,
) -> None:
    host, may_answer = Host("anthropic_messages", heartbeat=0.005), asyncio.Event()

    async def act(stream: AnswerStream) -> web.StreamResponse:
        await may_answer.wait()
        assert stream.begun
        return await stream.send(Reply.of(Head("b", "m"), said("hi")), drain=False)

    host.act = act
    client = await aiohttp_client(host.app)
    async with client.post("/") as response:
        sign = b'event: ping\ndata: {"type":"ping"}\n\n'
        assert sign * 2 == await response.content.readexactly(len(sign) * 2)
        may_answer.set()
        assert b"message_stop" in await response.read()
    assert host.exchange.id == response.headers["x-request-id"] == response.headers["request-id"]
    assert not [name for name in response.headers if name.startswith("x-llm-proxy")]


async def test_what_is_held_back_is_no_sign_of_life(aiohttp_client: Any) -> None:
    """Gemini has a call in one piece."""
    host = Host("gemini", heartbeat=0.005)
    source = Batches([TextDelta("hi")], [ToolCallStart(0, "id", "work")])

    async def act(stream: AnswerStream) -> web.StreamResponse:
        return await stream.send(_reply(source), drain=False)

    host.act = act
    client = await aiohttp_client(host.app)
    async with client.post("/") as response:
        assert b"hi" in await response.content.readuntil(b"\n\n")
        assert b"\n" == await response.content.readexactly(1)
        source.queue.put_nowait([ToolCallDelta(0, "{}")])
        assert b"\n" == await response.content.readexactly(1)
        source.queue.put_nowait([End()])
        assert b"functionCall" in await response.read()


async def test_an_error_in_a_stream_that_has_begun(aiohttp_client: Any) -> None:
    host = Host(heartbeat=0.005)

    async def act(stream: AnswerStream) -> web.StreamResponse:
        await until(lambda: stream.begun)
        return await stream.fail(UpstreamBroken("torn"))

    host.act = act
    client = await aiohttp_client(host.app)
    async with client.post("/") as response:
        signs, _, error = (await response.read()).partition(b"data: ")
    assert signs
    assert b"" == signs.replace(SIGN, b"")
    assert b'"torn"' in error


async def test_a_host_that_is_slow_to_prepare_gets_one_head(aiohttp_client: Any) -> None:
    """The answer comes while the first sign of life is still about to begin the stream."""
    host, may_prepare, prepared = Host(heartbeat=0.005), asyncio.Event(), []

    async def on_prepare(_request: web.Request, response: web.StreamResponse) -> None:
        prepared.append(response)
        await may_prepare.wait()

    async def act(stream: AnswerStream) -> web.StreamResponse:
        await until(lambda: bool(prepared))
        asyncio.get_running_loop().call_later(0.02, may_prepare.set)
        return await stream.send(Reply.of(Head("b", "m"), said("hi")), drain=False)

    host.act = act
    host.app.on_response_prepare.append(on_prepare)
    client = await aiohttp_client(host.app)
    async with client.post("/") as response:
        body = await response.read()
    assert 1 == len(prepared)
    assert body.startswith(SIGN + b"data: ")
    assert body.endswith(b"data: [DONE]\n\n")


async def test_a_host_that_cannot_prepare_gets_its_error_again(aiohttp_client: Any) -> None:
    """No body goes out without a head because a sign of life has tried before."""
    host, tried, raised = Host(heartbeat=0.005), [], []

    async def on_prepare(_request: web.Request, response: web.StreamResponse) -> None:
        tried.append(response)
        raise LookupError

    async def act(stream: AnswerStream) -> web.StreamResponse:
        await until(lambda: bool(tried))
        with pytest.raises(LookupError):
            await stream.heartbeat._beating  # type: ignore[misc]
        try:
            return await stream.send(Reply.of(Head("b", "m"), said("hi")), drain=False)
        except LookupError:
            raised.append(stream.begun)
            raise

    host.act = act
    host.app.on_response_prepare.append(on_prepare)
    client = await aiohttp_client(host.app)
    with pytest.raises(ServerDisconnectedError):
        await client.post("/")
    assert [False] == raised


@pytest.mark.parametrize("drain", [True, False])
async def test_a_client_that_leaves(*, drain: bool) -> None:
    """The first write fails."""
    exchange = asking()
    request = make_mocked_request("POST", "/")
    request._payload_writer.write.side_effect = ConnectionResetError  # type: ignore[attr-defined]
    reply = _reply(Batches([TextDelta("a")], [TextDelta("b")], [End()]))
    stream = AnswerStream(exchange, CHAT, request, LONG)
    async with stream.heartbeat, reply:
        await stream.send(reply, drain=drain)

    assert 1 == request._payload_writer.write.call_count  # type: ignore[attr-defined]
    assert ("complete" if drain else "abandoned") == reply.outcome
    assert ({"drained": True} if drain else {}) == exchange.trace.notes


async def test_a_client_that_does_not_read_is_given_no_signs() -> None:
    request = make_mocked_request("POST", "/")
    request.protocol.writing_paused = True  # type: ignore[misc]
    stream = AnswerStream(asking(), CHAT, request, 0.005)
    async with stream.heartbeat:
        await until(lambda: stream.heartbeat._beating is not None)
        await asyncio.sleep(0.02)
        assert not stream.begun

        request.protocol.writing_paused = False  # type: ignore[misc]
        await until(lambda: stream.begun)


async def test_no_sign_comes_between_or_behind_what_is_written() -> None:
    """A write that waits for the client keeps them back, and so does the end."""
    request = make_mocked_request("POST", "/")
    request.protocol.writing_paused = False  # type: ignore[misc]
    written: list[bytes] = []
    may_go_on = asyncio.Event()

    async def write(data: bytes) -> None:
        written.append(data)
        await may_go_on.wait()

    request._payload_writer.write_eof = write  # type: ignore[method-assign]
    stream = AnswerStream(asking(), CHAT, request, 0.005)
    async with stream.heartbeat:
        reply = Reply.of(Head("b", "m"), [KeepAlive(), TextDelta("a"), End()])
        sending = asyncio.ensure_future(stream.send(reply, drain=False))
        await until(lambda: bool(written))
        await asyncio.sleep(0.02)
        may_go_on.set()
        await sending
        stream.heartbeat._beating = None
        await until(lambda: stream.heartbeat._beating is not None)
        await asyncio.wait([stream.heartbeat._beating])
        assert stream.heartbeat._beating.exception() is None
    (answer,) = written
    assert answer.startswith(SIGN)
    assert answer.endswith(b"data: [DONE]\n\n")


async def test_the_head_goes_with_the_first_bytes_and_the_end_with_the_last() -> None:
    """Each piece by itself costs as much to send as a short answer costs to pass through."""
    request = make_mocked_request("POST", "/")
    writer = cast("Mock", request._payload_writer)
    stream = AnswerStream(asking(), CHAT, request, LONG)
    async with stream.heartbeat:
        await stream.send(Reply.of(Head("b", "m"), said("hi")), drain=False)
    writer.write_headers.assert_called_once()
    writer.send_headers.assert_not_called()
    writer.write.assert_not_called()
    ((answer,), _) = writer.write_eof.call_args
    assert answer.endswith(b"data: [DONE]\n\n")


async def test_what_is_written_is_a_sign_of_life_itself() -> None:
    request = make_mocked_request("POST", "/")
    stream = AnswerStream(asking(), CHAT, request, LONG)
    async with stream.heartbeat:
        stream.heartbeat._last = 0.0
        await stream.send(Reply.of(Head("b", "m"), said("hi")), drain=False)
        assert stream.heartbeat._last > 0.0


async def test_no_cycle_is_left_for_the_collector() -> None:
    stream = AnswerStream(asking(), CHAT, make_mocked_request("POST", "/"), LONG)
    async with stream.heartbeat:
        await stream.send(Reply.of(Head("b", "m"), said("hi")), drain=False)
    seen = weakref.ref(stream)
    gc.disable()
    try:
        del stream
        assert seen() is None
    finally:
        gc.enable()
