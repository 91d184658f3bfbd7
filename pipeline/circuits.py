"""Circuits of which replicas tell each other: who finds a target ill, or is asked to let it alone,
spares the others that they find out for themselves."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import orjson
from pydantic import TypeAdapter, ValidationError

from llm_proxy.pipeline.errors import StateAway
from llm_proxy.pipeline.health import Health, Record
from llm_proxy.pipeline.lifetime import Lifetime
from llm_proxy.pipeline.state.store import Store
from llm_proxy.pipeline.trace import Target

LOOK_EVERY = 0.5
"""Seconds between two looks at what the others know."""

_KEY = "circuits:all"
_KEPT_FOR = 3600.0
_MOST = 1000

_Name = tuple[str, str, str, str]
_Ends = tuple[float, float]
"""Until when a target is open and cooling, in seconds since 1970; 0 is neither."""

_ROWS = TypeAdapter(list[tuple[str, str, str, str, float, float]])

_log = logging.getLogger(__name__)


class SharedCircuits(Lifetime):
    """Tells the store of circuits that change here, and this process of those that change
    elsewhere, for as long as it is entered. `now` gives seconds since 1970, as on all replicas."""

    def __init__(
        self,
        store: Store,
        health: Health,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._health = health
        self._now = now
        self._sleep = sleep
        self._changed: dict[_Name, Record] = {}
        self._heard: set[_Name] = set()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._health.listeners.add(self._note)
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._health.listeners.discard(self._note)
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def exchange(self) -> None:
        """Tell what is new here, and hear what is new there; raises `StateAway`."""
        if self._changed:
            await self._store.update(_KEY, self._told, _KEPT_FOR)
            self._changed.clear()
        self._hear(_read(await self._store.load(_KEY)))

    def _note(self, record: Record) -> None:
        self._changed[_name(record)] = record

    async def _look(self) -> None:
        while True:
            await self._sleep(LOOK_EVERY)
            try:
                await self.exchange()
            except StateAway:  # told once, by the store
                continue
            except Exception:
                # Whatever it is, the next look may do better.
                _log.exception("circuits cannot be exchanged")

    def _told(self, kept: bytes | None) -> bytes:
        """What is known with what has changed here; what is over is left out."""
        now = self._now()
        known = _read(kept) | {name: self._ends(one, now) for name, one in self._changed.items()}
        left = sorted((item for item in known.items() if max(item[1]) > now), key=_by_end)
        return orjson.dumps([[*name, *ends] for name, ends in left[-_MOST:]])

    def _ends(self, record: Record, now: float) -> _Ends:
        opened, cooling = record.left
        return now + opened if opened else 0.0, now + cooling if cooling else 0.0

    def _hear(self, known: dict[_Name, _Ends]) -> None:
        now = self._now()
        for name, (opened, cooling) in known.items():
            self._record(name).hear(max(0.0, opened - now), max(0.0, cooling - now))
        for name in self._heard - known.keys():
            self._record(name).hear_that_it_is_well()
        self._heard = set(known)

    def _record(self, name: _Name) -> Record:
        tenant, *target = name
        return self._health.of(Target(*target), tenant)


def _name(record: Record) -> _Name:
    target = record.target
    return record.tenant, target.backend, target.model, target.key


def _by_end(item: tuple[_Name, _Ends]) -> float:
    return max(item[1])


def _read(kept: bytes | None) -> dict[_Name, _Ends]:
    """What was kept; nothing where another version has written it."""
    if kept is None:
        return {}
    try:
        rows = _ROWS.validate_json(kept)
    except ValidationError:
        return {}
    return {row[:4]: row[4:] for row in rows}
