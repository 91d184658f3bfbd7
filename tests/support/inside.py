"""What an edge in this process holds while nobody asks it anything: nothing."""

import asyncio
import gc
from collections import Counter
from contextlib import suppress
from typing import Any

from llm_proxy.backends.streamed import StreamedAnswer
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.health import Call
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.stages.failover import Failover
from llm_proxy.stages.failover.attempts import Attempts
from llm_proxy.stages.failover.course import Course
from llm_proxy.web import Edge
from llm_proxy.web.chat import Visit
from llm_proxy.web.stream import AnswerStream
from tests.support.faulty import FaultyVendors
from tests.support.until import until

_OF_ONE = (Visit, AnswerStream, Exchange, Reply, Course, Call, Attempts, StreamedAnswer)


class Inside:
    """Looks at everything that an edge counts or keeps for a request under way."""

    def __init__(self, edge: Edge, vendors: FaultyVendors) -> None:
        self._edge = edge
        self._vendors = vendors
        self._before = asyncio.all_tasks()

    async def is_empty(self, but: str = "") -> None:
        """Wait until nothing is left, `but` for one thing."""

        def left() -> dict[str, Any]:
            return {name: held for name, held in self.leftovers().items() if name != but}

        with suppress(TimeoutError):
            await until(lambda: not left(), 10)
        assert {} == left()

    def leftovers(self) -> dict[str, Any]:
        """What is not as it was; empty if all is."""
        chat, running = self._edge._chat, self._edge._generations
        assert chat
        assert running
        assert running._current
        proxy = running._current.proxy
        stages = (link.stage for chain in proxy.pipelines.values() for link in chain.links)
        (failover,) = [stage for stage in stages if isinstance(stage, Failover)]
        records = list(running._health._records.values())
        held = {
            "tasks": asyncio.all_tasks() - self._before - self._vendors.tasks(),
            "requests": chat._open,
            "watched": len(chat._departures._open),
            "drains": len(self._edge._drains._tasks),
            "borrowed": running._current.requests,
            "connections": len(running._http.connector._acquired),  # type: ignore[union-attr]
            "taken": sum(backend.slots.taken for backend in proxy.backends.values()),
            "queued": sum(len(backend.slots._queue) for backend in proxy.backends.values()),
            "in flight": sum(record.in_flight for record in records),
            "probes": sum(record.breaker._probing for record in records),
            "at work": failover._means.retries.requests,
            "repetitions": failover._means.retries.repetitions,
        }
        return {name: value for name, value in held.items() if value}

    @staticmethod
    def alive() -> Counter[str]:
        """How many objects of each class are left that belong to one request."""
        gc.collect()
        return Counter(type(one).__name__ for one in gc.get_objects() if isinstance(one, _OF_ONE))

    @property
    def remembered(self) -> tuple[int, int]:
        """How many values the store keeps of the kind that has most, and how many it may."""
        assert self._edge._generations
        store = self._edge._generations._store
        assert isinstance(store, MemoryStore)
        most = max(store._shelves.values(), key=lambda shelf: len(shelf._values))
        return len(most._values), most._bound.number
