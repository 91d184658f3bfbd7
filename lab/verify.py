"""Playing a fault to a plan and looking at it as a client does."""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

from aiohttp import web

from llm_proxy.lab.answers import asked_of, models_of
from llm_proxy.lab.case import Case
from llm_proxy.lab.client import ask
from llm_proxy.lab.faults import Fault, answer_well
from llm_proxy.lab.routes import Route
from llm_proxy.lab.stand_in import with_stand_ins
from llm_proxy.lab.tracebacks import Tracebacks
from llm_proxy.lab.vendor import Connection, Vendor, whole
from llm_proxy.lab.verdict import Verdict, judge
from llm_proxy.load import new_http_session
from llm_proxy.pipeline.errors import ConfigError
from llm_proxy.pipeline.plan import Plan
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.pipeline.trace import Target
from llm_proxy.web.chat import Chat
from llm_proxy.web.drains import Drains
from llm_proxy.web.generations import Generations

AT_ONCE = 4
"""Cases under way together: most of their time is waiting."""

_ENDS_WITHIN = 0.5
"""Seconds for a request whose client has gone, before it is cancelled."""


async def verify(
    plan: Plan, route: Route, faults: Sequence[Fault], tracebacks: Tracebacks
) -> dict[Case, Verdict]:
    """Every fault of a route, at its first target and at all, whole and streamed, in this order.

    Raises `ConfigError` where a stage or backend of the plan does not start.
    """
    places = (False, True) if len(route.targets) > 1 else (True,)
    cases = [
        Case(route, fault, everywhere, stream)
        for everywhere in places
        for fault in faults
        for stream in (False, True)
    ]
    slots = asyncio.Semaphore(AT_ONCE)

    async def verdict(case: Case) -> Verdict:
        async with slots:
            return await _play(plan, case, tracebacks)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = {case: group.create_task(verdict(case)) for case in cases}
    except ExceptionGroup as failed:
        first = failed.exceptions[0]
        if isinstance(first, ConfigError):  # each case says the same
            raise first from first.__cause__
        raise
    return {case: task.result() for case, task in tasks.items()}


async def _play(plan: Plan, case: Case, tracebacks: Tracebacks) -> Verdict:
    """One case, with everything opened for it alone: nothing is left of the one before."""
    lab = _Lab(case, tuple(backend.name for backend in plan.backends))
    with _nobody_listens() as closed:
        async with Vendor([lab.play]) as vendor:
            stood_in = with_stand_ins(plan, lambda name: lab.address(name, vendor.port, closed))
            async with _serving(stood_in) as base:
                seen = await ask(base, case.route, case.id, stream=case.stream)
    return judge(case, seen, lab.asked, tracebacks.take(case.id))


@dataclass(slots=True)
class _Lab:
    """Every vendor at once: the first part of a path is the number of a backend. `asked` are the
    targets that were asked for an answer."""

    case: Case
    backends: Sequence[str]
    asked: list[Target] = field(default_factory=list[Target])

    def address(self, backend: str, port: int, closed: int) -> str:
        """Where a backend is, a port where nobody listens if that is the fault."""
        refuses = self.case.fault.deed is None
        hit = {at.backend for at in self.case.route.targets if self.case.hits(at)}
        where = closed if refuses and (self.case.everywhere or backend in hit) else port
        return f"http://127.0.0.1:{where}/{self.backends.index(backend)}/v1"

    async def play(self, at: Connection) -> None:
        """Answer well, or as the fault has it."""
        number = int(at.received.path.split("/")[1])
        asked = asked_of(self.backends[number], at.received)
        if asked is None:
            await whole(models_of(at.received))(at)
            return
        self.asked.append(asked.target)
        deed = self.case.fault.deed if self.case.hits(asked.target) else answer_well
        await (deed or answer_well)(asked)(at)


@contextmanager
def _nobody_listens() -> Generator[int, None, None]:
    """A port that refuses connections, and that nobody else gets meanwhile."""
    with socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@asynccontextmanager
async def _serving(plan: Plan) -> AsyncGenerator[str, None]:
    """The plan behind HTTP as `serve` has it; gives the address."""
    async with new_http_session() as http:
        generations = Generations(Path(), None, http, MemoryStore(time.monotonic))
        await generations.open(plan)
        drains = Drains()
        chat = Chat(generations, drains)

        async def answer(request: web.Request) -> web.StreamResponse:
            return await chat.answer(request, request.path)

        app = web.Application()
        app.router.add_post(r"/{path:[\s\S]*}", answer)
        runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=_ENDS_WITHIN
        )
        try:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
            await drains.aclose()
            await generations.aclose()
