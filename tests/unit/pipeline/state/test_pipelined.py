"""Commands that are given at the same time go together."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import ResponseError

from llm_proxy.pipeline.state.pipelined import Pipelined
from tests.support.redis_server import RedisServer


class Piece:
    """What was sent at once; answered with the commands' words when the test lets it."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.answered = asyncio.Event()
        self.error: Exception | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def execute_command(self, command: str) -> None:
        self.commands.append(command)

    async def execute(self, *, raise_on_error: bool) -> list[str]:
        assert not raise_on_error
        await self.answered.wait()
        if self.error:
            raise self.error
        return [f"{command}!" for command in self.commands]


class Client:
    """Keeps the pieces that were sent."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []

    def pipeline(self, *, transaction: bool) -> Piece:
        assert not transaction
        self.pieces.append(Piece())
        return self.pieces[-1]

    @property
    def sent(self) -> list[list[str]]:
        return [piece.commands for piece in self.pieces]

    def answer(self) -> None:
        for piece in self.pieces:
            piece.answered.set()


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
async def server(client: Client) -> AsyncIterator[Pipelined]:
    async with Pipelined(client, 10) as pipelined:
        yield pipelined
    assert {asyncio.current_task()} == asyncio.all_tasks()


def ask(server: Pipelined, *words: str) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(server.do(word)) for word in words]


async def turns() -> None:
    for _ in range(9):
        await asyncio.sleep(0)


async def test_what_is_asked_at_once_goes_in_one_piece(client: Client, server: Pipelined) -> None:
    asked = ask(server, "a", "b", "c")
    await turns()
    client.answer()
    assert ["a!", "b!", "c!"] == await asyncio.gather(*asked)
    assert [["a", "b", "c"]] == client.sent


async def test_what_comes_while_all_wait_goes_with_the_next(
    client: Client, server: Pipelined
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


async def test_who_gives_up_harms_nobody(client: Client, server: Pipelined) -> None:
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


async def test_if_all_give_up_nothing_is_sent(client: Client, server: Pipelined) -> None:
    asked = ask(server, "a", "b")
    await asyncio.sleep(0)
    for one in asked:
        one.cancel()
    await turns()
    assert [] == client.sent


async def test_a_connection_that_breaks_is_told_to_all_of_its_piece(
    client: Client, server: Pipelined
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


async def test_what_is_not_answered_is_given_up_and_makes_room(client: Client) -> None:
    async with Pipelined(client, 0.02) as server:
        asked: list[asyncio.Task[Any]] = []
        for word in "abcde":
            asked += ask(server, word)
            await turns()
        failures = await asyncio.gather(*asked, return_exceptions=True)
        assert [TimeoutError] * 5 == [type(failure) for failure in failures]
        assert 5 == len(client.sent)


async def test_a_command_that_fails_is_told_to_its_own_asker(redis: RedisServer) -> None:
    async with Redis.from_url(redis.url) as client, Pipelined(client, 10) as server:
        await server.do("LPUSH", "a list", "x")
        answers = await asyncio.gather(
            server.do("SET", "a", "1"),
            server.do("GET", "a list"),
            server.do("GET", "a"),
            return_exceptions=True,
        )
    assert (True, b"1") == (answers[0], answers[2])
    assert isinstance(answers[1], ResponseError)


async def test_however_much_is_asked_there_are_few_connections(redis: RedisServer) -> None:
    async with Redis.from_url(redis.url) as client, Pipelined(client, 10) as server:
        for _ in range(5):
            await asyncio.gather(*(server.do("INCR", "count") for _ in range(200)))
        connections: bytes = await server.do("CLIENT", "LIST")
        assert b"1000" == await server.do("GET", "count")
    assert 4 >= len(connections.splitlines())
