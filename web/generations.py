"""The proxy that serves now, and how another takes its place without losing a request."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import aiohttp

from llm_proxy.load import read_plan
from llm_proxy.pipeline.config import Config, ServerConfig
from llm_proxy.pipeline.errors import ConfigError
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.plan import Plan
from llm_proxy.pipeline.proxy import Proxy, open_proxy
from llm_proxy.pipeline.state.store import Store

LOOK_EVERY = 1.0
"""Seconds between two looks at the file."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Generation:
    """A proxy that is kept open for those who have entered it; `empty` is called when it is retired
    and the last of them has left."""

    proxy: Proxy
    stack: AsyncExitStack
    empty: Callable[["_Generation"], None]
    requests: int = 0
    retired: bool = False

    def __enter__(self) -> Proxy:
        self.requests += 1
        return self.proxy

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.requests -= 1
        if self.retired and not self.requests:
            self.empty(self)


class Generations:
    """Holds the proxy of a file, and a new one each time the file changes. A request ends on the
    generation it began on, which closes with its last request; a bad file changes nothing."""

    def __init__(
        self,
        path: Path,
        environment: Mapping[str, str] | None,
        http: aiohttp.ClientSession,
        store: Store,
    ) -> None:
        self._path = path
        self._environment = environment
        self._http = http
        self._store = store
        self._health = Health(time.monotonic)
        self._current: _Generation | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()
        self._ended = False
        self._seen = _stamp(path)

    async def open(self, plan: Plan) -> None:
        """Let the proxy of `plan` serve from now on; nothing is opened after the end."""
        if self._has_ended():
            return
        async with AsyncExitStack() as stack:
            proxy = await stack.enter_async_context(
                open_proxy(plan, self._http, self._store, self._health)
            )
            old, self._current = self._current, _Generation(proxy, stack.pop_all(), self._close)
        if old:
            self._retire(old)
        if self._has_ended():  # while this one opened
            await self.aclose()

    async def reload(self) -> bool:
        """Read the file again and swap; False, with the reason in the log, if it is bad."""
        async with self._reloading:
            self._seen = _stamp(self._path)
            try:
                before = self._current.proxy.plan.config if self._current else None
                plan = read_plan(self._path, self._environment)
                await self.open(plan)
            except ConfigError as error:
                _log.error(
                    "the new configuration is refused, the old one goes on",
                    extra={"problems": error.problems},
                    exc_info=_log.isEnabledFor(logging.DEBUG),
                )
                return False
            except Exception:
                # Whatever it is, we go on.
                _log.exception("the new configuration does not start, the old one goes on")
                return False
            _log.info("configuration reloaded", extra={"chains": self.chains()})
            if changed := _fixed_at_start(before, plan.config):
                _log.warning("some changes need a restart", extra={"keys": changed})
            for note in plan.notes:
                _log.info(note)
            return True

    def chains(self) -> dict[str, str]:
        """Each pipeline's stages on a line."""
        if self._current is None:
            return {}
        return {plan.name: str(plan) for plan in self._current.proxy.plan.pipelines}

    @property
    def server(self) -> ServerConfig:
        """The edge's options as they are now."""
        return self._serving().proxy.plan.config.server

    def borrow(self) -> AbstractContextManager[Proxy]:
        """The current proxy, kept open for as long as the context lasts."""
        return self._serving()

    async def follow_file(self) -> None:
        """Reload whenever the file changes, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if _stamp(self._path) != self._seen:
                await self.reload()

    async def aclose(self) -> None:
        """Close the current generation and wait for the older ones."""
        self._ended = True
        generation, self._current = self._current, None
        if generation:
            await generation.stack.aclose()
        await asyncio.gather(*self._closing)

    def _serving(self) -> _Generation:
        if self._current is None:
            raise RuntimeError("the proxy is not open")
        return self._current

    def _has_ended(self) -> bool:  # a call, as it may change while `open` waits
        return self._ended

    def _retire(self, generation: _Generation) -> None:
        generation.retired = True
        if not generation.requests:
            self._close(generation)

    def _close(self, generation: _Generation) -> None:
        task = asyncio.create_task(generation.stack.aclose())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


_FIXED = ("host", "port", "shutdown_timeout", "tls_certificate", "tls_key")
"""Keys of `[server]` that a running server cannot change."""

_FIXED_SECTIONS = ("logging", "state")
"""Sections of which it cannot change anything."""


def _fixed_at_start(before: Config | None, after: Config) -> list[str]:
    """The keys that have changed without an effect."""
    if before is None:
        return []
    old, new = before.server.model_dump(), after.server.model_dump()
    changed = [f"server.{key}" for key in _FIXED if old[key] != new[key]]
    sections = [name for name in _FIXED_SECTIONS if getattr(before, name) != getattr(after, name)]
    return changed + sections


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written or replaced; None while it is not there."""
    with suppress(OSError):
        found = path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None
