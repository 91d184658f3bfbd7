"""Which models the backends offer and whether they can be reached, asked at most now and then."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llm_proxy.pipeline.backend import Backend
from llm_proxy.pipeline.dialects.dialect import ModelEntry
from llm_proxy.pipeline.errors import Kind, ProxyError, UpstreamBroken, UpstreamTimeout

KNOWN_FOR = 300.0
FAILED_FOR = 10.0
PATIENCE = 5.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Shelf:
    """What is known of one backend; `models` outlives a later failure."""

    models: Sequence[str] = ()
    failure: ProxyError | None = None
    asked: float | None = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Catalogue:
    """Asks every backend for its models: again after `KNOWN_FOR` seconds, after a failure already
    after `FAILED_FOR`. One that does not answer within `PATIENCE` seconds holds nothing up."""

    def __init__(self, backends: Mapping[str, Backend[Any]], clock: Callable[[], float]) -> None:
        self._backends = backends
        self._clock = clock
        self._shelves = {name: _Shelf() for name in backends}

    async def models(self) -> list[ModelEntry]:
        """Every model as `backend:model`; a dead backend's last known ones stay listed."""
        await self._refresh()
        return [
            ModelEntry(f"{name}:{model}", name)
            for name, shelf in self._shelves.items()
            for model in shelf.models
        ]

    async def failures(self) -> dict[str, ProxyError | None]:
        """Why each backend cannot be used, None where it can."""
        await self._refresh()
        return {name: shelf.failure for name, shelf in self._shelves.items()}

    async def _refresh(self) -> None:
        await asyncio.gather(*(self._ask(name) for name in self._backends))

    async def _ask(self, name: str) -> None:
        shelf = self._shelves[name]
        async with shelf.asking:
            lasts = FAILED_FOR if shelf.failure else KNOWN_FOR
            if shelf.asked is not None and self._clock() - shelf.asked < lasts:
                return
            try:
                async with asyncio.timeout(PATIENCE):
                    shelf.models = await self._backends[name].models()
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
