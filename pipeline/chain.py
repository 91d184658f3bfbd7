"""How stages become a chain."""

from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from llm_proxy.pipeline.blame import starting
from llm_proxy.pipeline.exchange import Caller, Client, Exchange
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.stage import Gate, Next, Stage


@record
class Link:
    """A stage under the name it has in the file; `whence` tells where that is and whose it is."""

    name: str
    stage: Stage[Any]
    whence: str = "a stage"


class Pipeline:
    """An ordered chain of stages: the first sees the request first and the answer last.

    Use as an async context manager: stages open in order and close in reverse, also when one fails
    to open, which is a `ConfigError`.
    """

    def __init__(self, name: str, links: Sequence[Link]) -> None:
        self.name = name
        self.links = tuple(links)
        self._gates = [link.stage for link in links if isinstance(link.stage, Gate)]
        self._call = _chain(self.links)
        self._stack = AsyncExitStack()

    def __str__(self) -> str:
        return f"{self.name}: " + " → ".join(link.name for link in self.links)

    def __call__(self, exchange: Exchange) -> Awaitable[Reply]:
        """Run `exchange` through the chain; raises `ProxyError`."""
        return self._call(exchange)

    @property
    def is_guarded(self) -> bool:
        """Whether it lets callers in or not."""
        return bool(self._gates)

    async def admit(self, client: Client) -> Caller | None:
        """Ask only the stages that decide who may come in; raises `Unauthorized`. None: nobody
        asks who it is."""
        caller = None
        for gate in self._gates:
            caller = client.admitted[gate] = await gate.admit(client)
        return caller

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for link in self.links:
                with starting(link.whence):
                    await stack.enter_async_context(link.stage)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()


async def _end(_exchange: Exchange) -> Reply:
    raise AssertionError("the last stage of a chain called on")


def _chain(links: Sequence[Link]) -> Next:
    call_next: Next = _end
    for link in reversed(links):
        call_next = _timed(link, call_next)
    return call_next


def _timed(link: Link, call_next: Next) -> Next:
    name, stage, clock = link.name, link.stage, link.stage.kit.clock

    async def call(exchange: Exchange) -> Reply:
        trace = exchange.trace
        before, began = trace.spent, clock()
        try:
            return await stage(exchange, call_next)
        finally:
            took = clock() - began
            trace.stages.append((name, took - (trace.spent - before)))
            trace.spent = before + took

    return call


def order_problems(
    stages: Sequence[tuple[str, type[Stage[Any]]]], *, complete: bool = True
) -> list[tuple[int, str]]:
    """What is wrong with an order, as (position, mend). `complete` is False where some stages of
    the list are not known, one of which may be the missing one."""
    problems: list[tuple[int, str]] = []
    for position, (name, stage) in enumerate(stages):
        if stage.last and position < len(stages) - 1:
            problems.append((position, f'"{name}" ends the chain: move it to the end'))
        provided = _provided(stages[:position])
        for later, provider in stages[position + 1 :]:
            if (stage.requires & provider.provides) - provided:
                mend = f'"{name}" needs what "{later}" provides: put it after "{later}"'
                problems.append((position, mend))
    if complete and stages and not any(stage.last for _, stage in stages):
        problems.append((len(stages) - 1, 'nothing sends the request on: end with "dispatch"'))
    return problems


def _provided(stages: Sequence[tuple[str, type[Stage[Any]]]]) -> frozenset[str]:
    return frozenset[str]().union(*(stage.provides for _, stage in stages))
