"""A vendor's server that does exactly what a script says, down to the bytes on the socket."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

Play = Callable[["Connection"], Awaitable[None]]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Received:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return orjson.loads(self.body)


class Connection:
    """One request's socket, to be written to and closed by a play."""

    def __init__(
        self, writer: asyncio.StreamWriter, received: Received, gone: asyncio.Event
    ) -> None:
        self._writer = writer
        self._gone = gone
        self.received = received

    async def send(self, data: bytes) -> None:
        """Bytes as they are; raises `ConnectionError` if the client has gone."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            self._gone.set()
            raise

    async def head(self, status: int = 200, **headers: str) -> None:
        """A status line and headers; names are written with `-` for `_`."""
        lines = [
            f"HTTP/1.1 {status} X",
            *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items()),
        ]
        await self.send("\r\n".join([*lines, "", ""]).encode())

    async def chunk(self, data: bytes) -> None:
        """One chunk of a chunked body; an empty one ends it."""
        await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def reset(self) -> None:
        """Break the connection without a farewell."""
        self._writer.transport.abort()


@dataclass(slots=True)
class Vendor:
    """Plays its `plays` in order, the last one again and again; use as a context manager.

    `requests` holds what arrived. `gone` is set when a client closes a connection before its
    answer was over. `connections` counts the sockets that were opened.
    """

    plays: Sequence[Play]
    requests: list[Received] = field(default_factory=list[Received])
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    @property
    def url(self) -> str:
        """Where it listens, with a version, as OpenAI's dialect has it."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def left(self, seconds: float = 1.0) -> None:
        """Wait until a client has closed a connection before its answer was over."""
        await asyncio.wait_for(self.gone.wait(), seconds)

    async def asked(self, times: int = 1) -> None:
        """Wait until so many requests have arrived."""
        while len(self.requests) < times:  # noqa: ASYNC110 - a poll is plain enough here
            await asyncio.sleep(0.005)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None  # noqa: S101 - it was entered
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server calls this in a task
        self._tasks.add(task)
        self.connections += 1
        try:
            while received := await _read(reader):
                play = self.plays[min(len(self.requests), len(self.plays) - 1)]
                self.requests.append(received)
                await self._play(play, reader, Connection(writer, received, self.gone))
        except (ConnectionError, asyncio.CancelledError):
            pass
        except Exception:
            # A play is somebody's script: what is wrong with it must be seen, not only felt.
            _log.exception("a scripted vendor broke")
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _play(self, play: Play, reader: asyncio.StreamReader, at: Connection) -> None:
        """Play, and notice meanwhile if the client goes."""
        playing = asyncio.ensure_future(play(at))
        watching = asyncio.ensure_future(_closed(reader))
        try:
            await asyncio.wait([playing, watching], return_when=asyncio.FIRST_COMPLETED)
            if not playing.done():
                self.gone.set()
                raise ConnectionResetError
            await playing
        finally:
            playing.cancel()
            watching.cancel()
            await asyncio.gather(playing, watching, return_exceptions=True)


async def _closed(reader: asyncio.StreamReader) -> None:
    """Return when the peer has closed; nothing else is expected while an answer is under way."""
    while not reader.at_eof() and not reader.exception():  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0.005)


async def _read(reader: asyncio.StreamReader) -> Received | None:
    """The next request of a connection, or None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(method, path, headers, body)


def whole(body: bytes | dict[str, Any], status: int = 200, **headers: str) -> Play:
    """A body with its length."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)

    async def play(at: Connection) -> None:
        fields = {"content_type": "application/json", **headers}
        await at.head(status, **fields, content_length=str(len(data)))
        await at.send(data)

    return play


def streamed(
    frames: Sequence[bytes],
    *,
    pause: float = 0,
    ends: str = "well",
    content_type: str = "text/event-stream",
) -> Play:
    """Frames in chunks. `ends`: "well"; "cut", without the last chunk; "torn", inside a chunk;
    "reset"; "stalls"."""

    async def play(at: Connection) -> None:
        await at.head(200, content_type=content_type, transfer_encoding="chunked")
        for frame in frames:
            await at.chunk(frame)
            await asyncio.sleep(pause)
        if ends == "well":
            await at.chunk(b"")
        elif ends == "stalls":
            await asyncio.Event().wait()
        elif ends == "reset":
            at.reset()
        else:
            if ends == "torn":
                await at.send(b"400\r\ndata: ")
            raise ConnectionResetError

    return play


async def hangs(_at: Connection) -> None:
    """Say nothing at all."""
    await asyncio.Event().wait()


async def resets(at: Connection) -> None:
    """Break off before the head."""
    at.reset()
    raise ConnectionResetError
