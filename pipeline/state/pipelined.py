"""Commands for a Redis server that are given at the same time go there together."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from llm_proxy.pipeline.lifetime import Lifetime

Word = str | bytes | int | float

_Asked = tuple[tuple[Word, ...], asyncio.Future[Any]]

_AT_ONCE = 4
"""Connections that are written to; what comes while all wait for answers goes with the next."""


class Pipelined(Lifetime):
    """Sends what is asked for in one turn of the loop, or since no connection was free, in one
    piece.

    Most of what a command costs is to write and to read, so that under load this is cheaper by
    half. And whoever stops waiting breaks no connection: the answers are not read by those who ask.
    A piece that is not answered within `timeout` seconds is given up.
    """

    def __init__(self, client: Any, timeout: float) -> None:
        self._client: Any = client
        self._timeout = timeout
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._asked: list[_Asked] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in self._sending:
            task.cancel()
        if self._sending:
            await asyncio.wait(self._sending)

    async def do(self, *command: Word) -> Any:
        """The answer to a command; raises the library's errors, and `TimeoutError`."""
        answer = asyncio.get_running_loop().create_future()
        self._asked.append((command, answer))
        if len(self._asked) == 1:
            task = asyncio.create_task(self._send())
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return await answer

    async def _send(self) -> None:
        async with self._free:
            asked = [one for one in self._asked if not one[1].done()]
            self._asked = []
            answers = await self._answers(asked) if asked else []
        for (_, waiting), answer in zip(asked, answers, strict=True):
            if waiting.done():
                continue
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)

    async def _answers(self, asked: Sequence[_Asked]) -> list[Any]:
        """One for each, an error where there is none."""
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._client.pipeline(transaction=False) as pipeline,
            ):
                for command, _ in asked:
                    pipeline.execute_command(*command)
                answers: list[Any] = await pipeline.execute(raise_on_error=False)
                return answers
        except Exception as error:
            # Whatever it is, all who asked are told, and name it in their own way.
            return [error] * len(asked)
