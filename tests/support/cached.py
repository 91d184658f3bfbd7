"""A cache over a scripted rest of the chain, and what is asked of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.events import (
    Event,
)
from llm_proxy.pipeline.exchange import Caller, Client, Exchange
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.stages.cache import Cache
from tests.support.stages import Answer, Run, asking, said, text_of
from tests.support.virtual_time import in_virtual_time


class Bench(Run):
    """A cache over a scripted rest of the chain, and its clock."""

    def __init__(self, *answers: Answer, store: MemoryStore | None = None, **options: Any) -> None:
        self.now = 5000.0
        kit = {"store": store} if store else {}
        super().__init__(Cache, options, answers, wall_clock=lambda: self.now, **kit)

    async def ask(self, exchange: Exchange) -> tuple[str, str]:
        """What the header says, and the text of the answer."""
        async with await self(exchange) as reply:
            events = await reply.collect()
        return exchange.trace.headers["x-llm-proxy-cache"], text_of(events)


def sure(text: str = "hello", caller: str = "key-1", tenant: str = "", **headers: str) -> Exchange:
    """A deterministic request."""
    exchange = asking(text, params={"temperature": 0})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(exchange, caller=Caller(caller, tenant=tenant), client=Client(headers=named))


TWO = (said("one"), said("two"))


def chance(**headers: str) -> Exchange:
    return replace(sure(**headers), request=asking().request)


def slowly(answer: Sequence[Event], seconds: float) -> Answer:
    async def source() -> AsyncIterator[Sequence[Event]]:
        for event in answer:
            await asyncio.sleep(seconds / len(answer))
            yield [event]

    return lambda _: Reply(Head("b", "m"), source())


def at_once(bench: Bench, *exchanges: Exchange) -> list[Any]:
    """What comes of requests at the same time."""

    async def ask(exchange: Exchange) -> Any:
        try:
            return await bench.ask(exchange)
        except Exception as error:
            return error

    async def main() -> list[Any]:
        return await asyncio.gather(*map(ask, exchanges))

    return in_virtual_time(main())
