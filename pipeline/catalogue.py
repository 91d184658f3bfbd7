"""Which models the backends offer and whether they can be reached, asked at most now and then."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llm_proxy.pipeline.backend import Backend
from llm_proxy.pipeline.dialects.dialect import ModelEntry
from llm_proxy.pipeline.errors import Kind, ProxyError, UpstreamBroken, UpstreamTimeout
from llm_proxy.pipeline.grants import NO_GRANTS, Grants

KNOWN_FOR = 300.0
FAILED_FOR = 10.0
PATIENCE = 5.0
PROBE_PATIENCE = 0.5

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Shelf:
    """What is known of one backend; `models` outlives a later failure."""

    models: Sequence[str] = ()
    failure: ProxyError | None = None
    asked: float | None = None
    asking: asyncio.Task[None] | None = None


class Catalogue:
    """Asks every backend for its models: again after `KNOWN_FOR` seconds, after a failure already
    after `FAILED_FOR`. One that does not answer within `PATIENCE` seconds has failed.

    Asking goes on when nobody waits any more, or an impatient caller would never learn anything.
    """

    def __init__(self, backends: Mapping[str, Backend[Any]], clock: Callable[[], float]) -> None:
        self._backends = backends
        self._clock = clock
        self._shelves = defaultdict[Backend[Any], _Shelf](_Shelf)

    async def models(
        self, seen: Mapping[str, Backend[Any]] | None = None, grants: Grants = NO_GRANTS
    ) -> list[ModelEntry]:
        """Every model as `backend:model` that may be asked, of the backends that a tenant sees, or
        of all; a dead backend's last known ones stay listed."""
        seen = self._backends if seen is None else seen
        await self._refresh(seen.values(), None)
        return [
            ModelEntry(f"{name}:{model}", name)
            for name, backend in seen.items()
            for model in self._shelves[backend].models
            if grants.allow(name, model)
        ]

    async def failures(self) -> dict[str, ProxyError | None]:
        """Why each backend cannot be used, None where it can. Waits `PROBE_PATIENCE` seconds at
        most: who has not answered by then, now or before, cannot be used yet."""
        await self._refresh(self._backends.values(), PROBE_PATIENCE)
        shelves = {name: self._shelves[backend] for name, backend in self._backends.items()}
        return {
            name: UpstreamTimeout("no answer yet") if shelf.asked is None else shelf.failure
            for name, shelf in shelves.items()
        }

    async def aclose(self) -> None:
        """Ask no longer."""
        asking = [shelf.asking for shelf in self._shelves.values() if shelf.asking]
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _refresh(self, backends: Iterable[Backend[Any]], patience: float | None) -> None:
        asking = [self._asking(backend) for backend in backends]
        if waited_for := [task for task in asking if task]:
            await asyncio.wait(waited_for, timeout=patience)

    def _asking(self, backend: Backend[Any]) -> asyncio.Task[None] | None:
        """The task that asks a backend, if there is anything to ask."""
        shelf = self._shelves[backend]
        lasts = FAILED_FOR if shelf.failure else KNOWN_FOR
        if shelf.asked is not None and self._clock() - shelf.asked < lasts:
            return None
        if shelf.asking is None or shelf.asking.done():
            shelf.asking = asyncio.create_task(self._ask(backend))
        return shelf.asking

    async def _ask(self, backend: Backend[Any]) -> None:
        shelf, name = self._shelves[backend], backend.name
        try:
            async with asyncio.timeout(PATIENCE):
                shelf.models = await backend.models()
            shelf.failure = None
        except TimeoutError:
            shelf.failure = UpstreamTimeout(f'the backend "{name}" did not answer in time')
        except ProxyError as error:
            # A server that keeps no list still answers: it is there.
            shelf.failure = None if error.kind is Kind.NOT_FOUND else error
        except Exception as error:
            # One backend's defect must not take the others' lists away.
            _log.exception("a backend's list of models broke", extra={"backend": name})
            shelf.failure = UpstreamBroken(f'the backend "{name}" is broken: {error!r}')
        if shelf.failure:
            extra = {"backend": name, "error": shelf.failure.for_log}
            _log.warning("a backend cannot be used", extra=extra)
        shelf.asked = self._clock()
