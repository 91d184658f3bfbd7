"""Commands for a Redis server that are given at the same time go there together."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from llm_proxy.pipeline.lifetime import Lifetime
from llm_proxy.pipeline.state.redis_lines import Command, Line

_Asked = tuple[Sequence[Command], asyncio.Future[list[Any]]]


class Pipelined(Lifetime):
    """Sends what is asked for in one turn of the loop, or since no line was free, in one piece.

    Most of what a command costs is to write and to read, so that under load this is cheaper by
    half. And whoever stops waiting breaks no connection: the answers are not read by those who ask.
    Whoever asks has waited `timeout` seconds at the longest.
    """

    def __init__(self, lines: Sequence[Line], timeout: float) -> None:
        self._lines = lines
        self._timeout = timeout
        self._asked: list[_Asked] = []
        self._since = 0.0
        self._idle: list[asyncio.Future[None]] = []
        self._serving: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._serving = [asyncio.create_task(self._serve(line)) for line in self._lines]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        serving, self._serving = self._serving, []
        for task in serving:
            task.cancel()
        await asyncio.wait(serving)
        _tell(self._asked, ConnectionError("it is closed"))

    async def do(self, *commands: Command) -> list[Any]:
        """The answers to commands, an error of the library where one was refused; raises what broke
        the connection, or `TimeoutError`."""
        if not self._serving:
            raise ConnectionError("it is closed")
        loop = asyncio.get_running_loop()
        answers: asyncio.Future[list[Any]] = loop.create_future()
        self._asked.append((commands, answers))
        if len(self._asked) == 1:
            self._since = loop.time()
            if self._idle:
                self._idle.pop().set_result(None)
        return await answers

    async def _serve(self, line: Line) -> None:
        """Send one piece after the other; what breaks one, or takes its time, breaks no other."""
        while True:
            asked: list[_Asked] = []
            try:
                async with asyncio.timeout(None) as limit:
                    while True:
                        limit.reschedule(None)
                        asked = await self._next_piece()
                        limit.reschedule(self._since + self._timeout)
                        commands = [command for several, _ in asked for command in several]
                        _give(asked, await line.answers(commands))
            except Exception as error:
                # Whatever it is, all who asked are told, and name it in their own way.
                _tell(asked, error)
            except asyncio.CancelledError:
                _tell(asked, ConnectionError("it is closed"))
                raise

    async def _next_piece(self) -> list[_Asked]:
        """All that is asked for by somebody who still waits, as soon as there is something."""
        while True:
            asked = [one for one in self._asked if not one[1].done()]
            self._asked = []
            if asked:
                return asked
            woken = asyncio.get_running_loop().create_future()
            self._idle.append(woken)
            await woken


def _give(asked: Sequence[_Asked], answers: Sequence[Any]) -> None:
    begin = 0
    for commands, waiting in asked:
        end = begin + len(commands)
        if not waiting.done():
            waiting.set_result(list(answers[begin:end]))
        begin = end


def _tell(asked: Sequence[_Asked], error: Exception) -> None:
    for _, waiting in asked:
        if not waiting.done():
            waiting.set_exception(error)
