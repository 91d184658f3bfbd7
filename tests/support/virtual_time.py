"""An event loop whose time passes only when there is nothing else to do, and then at once."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


class _Impatient(selectors.DefaultSelector):
    """Never waits: what it was asked to wait for is added to `waited`."""

    waited = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everything waits for what never comes"
            self.waited += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in which an hour's sleep takes no time; no sockets that answer from elsewhere."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return 1000.0 + self._impatient.waited


def in_virtual_time(main: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run `main` to its end on a loop of its own; nothing may be left over."""

    async def run() -> ResultT:
        result = await main
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return result

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(run())
