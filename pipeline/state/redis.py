"""State on a Redis server, or one that speaks as it does, for every process that names it.

A value stands there under `PREFIX:KEY`, and is the only key of its command or script. Limits stand
under `PREFIX:{limits}:NAME`, and what is held of one under the same with `:leases`: several go into
one script, so that where keys are spread over servers these must be at one, which the braces say.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from math import ceil
from types import TracebackType
from typing import Any, Self

from redis.exceptions import NoScriptError, ResponseError

from llm_proxy.pipeline.errors import CannotStart, StateAway
from llm_proxy.pipeline.state.address import Address
from llm_proxy.pipeline.state.charges import Charge, Lease, Standing, standings
from llm_proxy.pipeline.state.pipelined import Pipelined, Word
from llm_proxy.pipeline.state.redis_client import opened
from llm_proxy.pipeline.state.scripts import KEEP, KNOCK, SETTLE, SWAP, TAKE, Script
from llm_proxy.pipeline.state.store import Change, SharedStore


class RedisStore(SharedStore):
    """Every call ends within `timeout` seconds, with an answer or with `StateAway`. To enter it is
    to ask for all that will be needed; raises `CannotStart`."""

    def __init__(self, address: Address, prefix: str, timeout: float) -> None:
        self._address = address
        self._prefix = prefix
        self._timeout = timeout
        self._stack = AsyncExitStack()
        self._server: Pipelined

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(opened(self._address))
            self._server = await stack.enter_async_context(Pipelined(client, self._timeout))
            try:
                if self._address.kind == "one":
                    await self._refuse_a_cluster()
                await self.knock()
            except StateAway as error:
                message = f"state.url: {self._address} cannot be used: {error.why}"
                raise CannotStart(message) from error
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def knock(self) -> None:
        async with self._limited():
            await self._run(KNOCK, [self._named("knock:{limits}")])

    async def load(self, key: str) -> bytes | None:
        async with self._limited():
            return await self._load(self._named(key))

    async def save(self, key: str, value: bytes, ttl: float) -> None:
        async with self._limited():
            await self._do("SET", self._named(key), value, "PX", _milliseconds(ttl))

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        async with self._limited():
            name, lives = self._named(key), _milliseconds(ttl)
            return await self._do("SET", name, value, "PX", lives, "NX") is not None

    async def drop(self, key: str) -> None:
        async with self._limited():
            await self._do("DEL", self._named(key))

    async def update(self, key: str, change: Change, ttl: float) -> None:
        name, lives = self._named(key), _milliseconds(ttl)
        async with self._limited():
            is_done = False
            while not is_done:
                before = await self._load(name)
                after = change(before)
                values = (*_maybe(before), *_maybe(after))
                is_done = await self._run(SWAP, [name], lives, *values)

    async def take(self, charges: Sequence[Charge], lease: Lease | None = None) -> list[Standing]:
        levels = await self._limit(TAKE, charges, lease, map(_words, charges))
        return standings(charges, [float(level) for level in levels])

    async def keep(self, charges: Sequence[Charge], lease: Lease) -> None:
        await self._limit(KEEP, charges, lease, map(_words, charges))

    async def settle(self, charges: Sequence[Charge], lease: Lease, costs: Sequence[float]) -> None:
        pairs = zip(charges, costs, strict=True)
        words = (f"{_words(charge)} {cost!r}" for charge, cost in pairs)
        await self._limit(SETTLE, charges, lease, words)

    async def _limit(
        self, script: Script, charges: Sequence[Charge], lease: Lease | None, words: Iterable[str]
    ) -> Any:
        names = [self._named(f"{{limits}}:{charge.name}") for charge in charges]
        keys = [key for name in names for key in (name, f"{name}:leases")]
        under = f"{lease.seconds * 1e6!r} {lease.id}" if lease else "0 -"
        async with self._limited():
            return await self._run(script, keys, " ".join((under, *words)))

    def _named(self, key: str) -> str:
        return f"{self._prefix}:{key}"

    async def _load(self, name: str) -> bytes | None:
        found: bytes | None = await self._do("GET", name)
        return found

    async def _run(self, script: Script, names: Sequence[str], *arguments: Word) -> Any:
        words = (len(names), *names, *arguments)
        try:
            return await self._do("EVALSHA", script.digest, *words)
        except NoScriptError:  # a server that is new, or was restarted
            return await self._do("EVAL", script.text, *words)

    async def _do(self, *command: Word) -> Any:
        try:
            return await self._server.do(*command)
        except (NoScriptError, TimeoutError):
            raise
        except Exception as error:
            # Also what is no error of Redis: a connection that breaks at a bad moment raises much.
            raise StateAway(str(error) or type(error).__name__) from error

    @asynccontextmanager
    async def _limited(self) -> AsyncGenerator[None, None]:
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except TimeoutError as error:
            raise StateAway(f"no answer within {self._timeout:g} s") from error

    async def _refuse_a_cluster(self) -> None:
        try:
            async with self._limited():
                about = await self._do("INFO", "cluster")
        except StateAway as error:
            if isinstance(error.__cause__, ResponseError):  # who may not ask takes it for none
                return
            raise
        if about.get("cluster_enabled"):
            raise StateAway("it belongs to a cluster, whose URL begins with redis+cluster://")


def _milliseconds(ttl: float) -> int:
    return max(1, ceil(ttl * 1000))


def _words(charge: Charge) -> str:
    """How scripts are told of a charge; in figures that give the very same number again."""
    return f"{charge.most!r} {charge.window * 1e6!r} {charge.cost!r} {int(charge.is_held)}"


def _maybe(value: bytes | None) -> tuple[str, bytes]:
    return ("none", b"") if value is None else ("is", value)
