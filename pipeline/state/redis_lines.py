"""Lines to a Redis server, each of which takes one piece of commands at a time."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, cast

import hiredis
from redis.exceptions import ResponseError

Word = str | bytes | int | float

Command = tuple[Word, ...]

# The library says wrongly what it takes.
_packed: Callable[[Command], bytes] = cast("Any", hiredis).pack_command


class Line(ABC):
    """May be given up in the middle of a piece, and goes on with the next."""

    @abstractmethod
    async def answers(self, commands: Sequence[Command]) -> list[Any]:
        """One for each command, an error of the library where it was refused; raises what broke the
        connection."""


class ServerLine(Line):
    """A connection to one server, out of the pool of the library's client.

    The client's own pipelines do the same at three times the price: they have a pool to ask, things
    to count and commands to tell apart for each piece.
    """

    def __init__(self, client: Any) -> None:
        self._pool: Any = client.connection_pool
        self._connection: Any = None

    async def answers(self, commands: Sequence[Command]) -> list[Any]:
        connection = self._connection
        if connection is None:
            connection = self._connection = await self._pool.get_connection()
        elif not connection.is_connected:
            await connection.connect()
        elif await connection.can_read():
            # Nobody has asked: the server has closed it meanwhile.
            await connection.disconnect(nowait=True)
            await connection.connect()
        try:
            packed = b"".join(map(_packed, commands))
            await connection.send_packed_command(packed, check_health=False)
            return [await _answer(connection) for _ in commands]
        except BaseException:
            # What is still to come would be taken for the answers to other commands.
            await connection.disconnect(nowait=True)
            raise


class ClusterLine(Line):
    """The way to many servers, which the library's client finds for each key."""

    def __init__(self, client: Any) -> None:
        self._client: Any = client

    async def answers(self, commands: Sequence[Command]) -> list[Any]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            answers: list[Any] = await pipeline.execute(raise_on_error=False)
            return answers


async def _answer(connection: Any) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error
