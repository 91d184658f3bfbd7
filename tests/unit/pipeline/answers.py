"""Answers played from a script."""

import asyncio
from collections.abc import Sequence

from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import End, Event, Start, TextDelta
from llm_proxy.pipeline.reply import Head, Reply

HEAD = Head("b", "m")
START = Start("id", "m", 1)
HEL, LO, END = TextDelta("Hel"), TextDelta("lo"), End()
CUT = UpstreamBroken("cut")


class Source:
    """Gives one batch a read, raises what is an error, and counts the reads."""

    def __init__(self, *batches: Sequence[Event] | Exception) -> None:
        self.reads = 0
        self._batches = iter(batches)

    def __aiter__(self) -> "Source":
        return self

    async def __anext__(self) -> Sequence[Event]:
        self.reads += 1
        await asyncio.sleep(0)
        for batch in self._batches:
            if isinstance(batch, Exception):
                raise batch
            return batch
        raise StopAsyncIteration


def reply(*batches: Sequence[Event] | Exception) -> Reply:
    return Reply(HEAD, Source(*batches))


async def batches_of(answer: Reply) -> list[list[Event]]:
    return [batch async for batch in answer]


def twice(event: Event) -> Sequence[Event]:
    return [event, event] if isinstance(event, TextDelta) else [event]
