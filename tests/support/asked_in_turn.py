"""Replicas of which one asks while the others wait, in virtual time."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from llm_proxy.pipeline.events import End, Finish, TextDelta
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.stages.cache.entry import Entry, pack
from llm_proxy.stages.cache.turns import Turn, Turns
from tests.support.virtual_time import in_virtual_time

KEY = "cache:t:k"
ENTRY = Entry(1.0, "b", "m", (), (TextDelta("hi"), Finish("stop"), End()))

Found = Entry | Turn | None


def virtually(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Let a test pass in no time."""

    @wraps(test)
    def run(*args: Any, **named: Any) -> None:
        in_virtual_time(test(*args, **named))

    return run


def now() -> float:
    return asyncio.get_running_loop().time()


class Replicas:
    """Several processes that share one state."""

    def __init__(self, count: int = 2) -> None:
        self.store = MemoryStore(now)
        self.turns = [Turns(self.store) for _ in range(count)]

    def asking(self, replica: int = 0) -> asyncio.Task[Found]:
        return asyncio.create_task(self.turns[replica].await_mine(KEY))

    async def turn(self, replica: int = 0) -> Turn:
        found = await self.turns[replica].await_mine(KEY)
        assert isinstance(found, Turn)
        return found

    async def answer(self, turn: Turn) -> None:
        turn.keep_no_longer()
        await self.store.save(KEY, pack(ENTRY), 60)
        await turn.settle(ENTRY)


def die(turn: Turn) -> None:
    """As a process does that is killed: it tells nobody, and keeps nothing alive."""
    assert turn._keeping
    turn._keeping.cancel()


async def a_moment() -> None:
    await asyncio.sleep(0.01)
