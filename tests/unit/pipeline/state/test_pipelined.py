"""Commands that are given at the same time go together."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import ResponseError

from llm_proxy.pipeline.state.address import Address
from llm_proxy.pipeline.state.pipelined import Pipelined
from llm_proxy.pipeline.state.redis_client import opened
from llm_proxy.pipeline.state.redis_lines import Command, Line, Word
from tests.support.redis_server import RedisServer


class Piece:
    """What was sent at once; answered with the commands' words when the test lets it."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self.commands = ["".join(map(str, command)) for command in commands]
        self.answered = asyncio.Event()
        self.error: Exception | None = None


class Server:
    """Keeps the pieces that were sent on its four lines."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.lines = [Kept(self) for _ in range(4)]

    @property
    def sent(self) -> list[list[str]]:
        return [piece.commands for piece in self.pieces]

    def answer(self) -> None:
        for piece in self.pieces:
            piece.answered.set()


class Kept(Line):
    """A line that answers when it is let."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def answers(self, commands: Sequence[Command]) -> list[str]:
        piece = Piece(commands)
        self._server.pieces.append(piece)
        await piece.answered.wait()
        if piece.error:
            raise piece.error
        return [f"{command}!" for command in piece.commands]


@pytest.fixture
def client() -> Server:
    return Server()


@pytest.fixture
async def server(client: Server) -> AsyncIterator[Pipelined]:
    async with Pipelined(client.lines, 10) as pipelined:
        yield pipelined
    assert {asyncio.current_task()} == asyncio.all_tasks()


async def answer(server: Pipelined, *command: Word) -> Any:
    (only,) = await server.do(command)
    return only


def ask(server: Pipelined, *words: str) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(answer(server, word)) for word in words]


async def turns() -> None:
    for _ in range(9):
        await asyncio.sleep(0)


async def test_what_is_asked_at_once_goes_in_one_piece(client: Server, server: Pipelined) -> None:
    asked = ask(server, "a", "b", "c")
    await turns()
    client.answer()
    assert ["a!", "b!", "c!"] == await asyncio.gather(*asked)
    assert [["a", "b", "c"]] == client.sent


async def test_what_comes_while_all_wait_goes_with_the_next(
    client: Server, server: Pipelined
) -> None:
    asked: list[asyncio.Task[Any]] = []
    for word in "abcdefg":
        asked += ask(server, word)
        await turns()
    assert [["a"], ["b"], ["c"], ["d"]] == client.sent
    client.pieces[2].answered.set()
    await turns()
    assert ["e", "f", "g"] == client.sent[4]
    client.answer()
    assert [f"{word}!" for word in "abcdefg"] == await asyncio.gather(*asked)


async def test_who_gives_up_harms_nobody(client: Server, server: Pipelined) -> None:
    asked = ask(server, "a", "b")
    await turns()
    asked[0].cancel()
    for word in "cde":
        asked += ask(server, word)
        await turns()
    waiting = ask(server, "f", "g")
    await turns()
    waiting[0].cancel()
    await turns()
    client.answer()
    await turns()
    client.answer()
    assert ["b!", "c!", "d!", "e!", "g!"] == await asyncio.gather(*asked[1:], waiting[1])
    assert [["a", "b"], ["c"], ["d"], ["e"], ["g"]] == client.sent


async def test_if_all_give_up_nothing_is_sent(client: Server, server: Pipelined) -> None:
    asked = ask(server, "a", "b")
    await asyncio.sleep(0)
    for one in asked:
        one.cancel()
    await turns()
    assert [] == client.sent


async def test_a_connection_that_breaks_is_told_to_all_of_its_piece(
    client: Server, server: Pipelined
) -> None:
    asked = ask(server, "a", "b")
    await turns()
    other = ask(server, "c")
    await turns()
    client.pieces[0].error = Broken("gone")
    client.answer()
    failures = await asyncio.gather(*asked, return_exceptions=True)
    assert ["gone", "gone"] == [str(failure) for failure in failures]
    assert ["c!"] == await asyncio.gather(*other)


async def test_what_is_not_answered_is_given_up_and_makes_room(client: Server) -> None:
    async with Pipelined(client.lines, 0.02) as server:
        asked: list[asyncio.Task[Any]] = []
        for word in "abcde":
            asked += ask(server, word)
            await turns()
        failures = await asyncio.gather(*asked, return_exceptions=True)
        assert [TimeoutError] * 5 == [type(failure) for failure in failures]
        assert 5 == len(client.sent)


async def test_several_of_one_asker_are_answered_together(
    client: Server, server: Pipelined
) -> None:
    asked = [asyncio.create_task(server.do(*words)) for words in (["a", "b"], [], ["c"])]
    await turns()
    client.answer()
    assert [["a!", "b!"], [], ["c!"]] == await asyncio.gather(*asked)
    assert [["a", "b", "c"]] == client.sent


async def test_whoever_still_waits_when_it_is_closed_is_told(client: Server) -> None:
    async with Pipelined(client.lines, 10) as server:
        asked: list[asyncio.Task[Any]] = []
        for word in "abcde":
            asked += ask(server, word)
            await turns()
    failures = await asyncio.gather(*asked, return_exceptions=True)
    assert ["it is closed"] * 5 == [str(failure) for failure in failures]
    with pytest.raises(ConnectionError, match="it is closed"):
        await answer(server, "f")


@pytest.fixture
async def real(redis: RedisServer) -> AsyncIterator[Pipelined]:
    async with opened(Address.of(redis.url)) as lines, Pipelined(lines, 10) as server:
        yield server


async def test_a_command_that_fails_is_told_to_its_own_asker(real: Pipelined) -> None:
    await answer(real, "LPUSH", "a list", "x")
    answers = await asyncio.gather(
        answer(real, "SET", "a", "1"), answer(real, "GET", "a list"), answer(real, "GET", "a")
    )
    assert (b"OK", b"1") == (answers[0], answers[2])
    assert isinstance(answers[1], ResponseError)


async def test_however_much_is_asked_there_are_few_connections(real: Pipelined) -> None:
    for _ in range(5):
        await asyncio.gather(*(answer(real, "INCR", "count") for _ in range(200)))
    connections: bytes = await answer(real, "CLIENT", "LIST")
    assert b"1000" == await answer(real, "GET", "count")
    assert 4 >= len(connections.splitlines())
