"""State on a Redis server, or one that speaks as it does, for every process that names it.

A value stands there under `PREFIX:KEY`, and is the only key of its command or script. Limits stand
under `PREFIX:{limits}:NAME`, and what is held of one under the same with `:leases`: several go into
one script, so that where keys are spread over servers these must be at one, which the braces say.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from math import ceil, inf
from types import TracebackType
from typing import Any, Self

from redis.exceptions import NoScriptError, ResponseError

from llm_proxy.pipeline.errors import CannotStart, StateAway
from llm_proxy.pipeline.state.address import Address
from llm_proxy.pipeline.state.charges import Charge, Lease, Standing, standings
from llm_proxy.pipeline.state.pipelined import Pipelined
from llm_proxy.pipeline.state.redis_client import opened
from llm_proxy.pipeline.state.redis_lines import Command, Word
from llm_proxy.pipeline.state.scripts import KEEP, KNOCK, SETTLE, SWAP, TAKE, Script
from llm_proxy.pipeline.state.shelf import Bound, Shelf
from llm_proxy.pipeline.state.store import Change, SharedStore

_KNOWN = Bound(1_000, 1_000_000)
"""What is known of the last values; a wrong guess costs no more than another way."""


class RedisStore(SharedStore):
    """Every call ends within `timeout` seconds, with an answer or with `StateAway`. To enter it is
    to ask for all that will be needed; raises `CannotStart`."""

    def __init__(self, address: Address, prefix: str, timeout: float) -> None:
        self._address = address
        self._prefix = prefix
        self._timeout = timeout
        self._stack = AsyncExitStack()
        self._server: Pipelined
        self._known = Shelf(time.monotonic, _KNOWN)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            lines = await stack.enter_async_context(opened(self._address))
            self._server = await stack.enter_async_context(Pipelined(lines, self._timeout))
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
        await self._run(KNOCK, ([self._named("knock:{limits}")], []))

    async def load(self, key: str) -> bytes | None:
        name = self._named(key)
        found: bytes | None = await self._do(("GET", name))
        self._know(name, found)
        return found

    async def save(self, key: str, value: bytes, ttl: float) -> None:
        await self._do(("SET", self._named(key), value, "PX", _milliseconds(ttl)))

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        command = ("SET", self._named(key), value, "PX", _milliseconds(ttl), "NX")
        return await self._do(command) is not None

    async def drop(self, key: str) -> None:
        await self._do(("DEL", self._named(key)))

    async def update_all(self, changes: Mapping[str, Change | bytes], ttl: float) -> None:
        """What this process knew last to be there, or nothing, is taken to be there still: then one
        way is enough. Where something else is, that comes back, to be changed on the next."""
        end = asyncio.get_running_loop().time() + self._timeout
        left = [
            _Swap(name := self._named(key), self._known.get(name), change)
            for key, change in changes.items()
        ]
        while left:
            calls = [swap.call(_milliseconds(ttl)) for swap in left]
            found = await self._run(SWAP, *calls)
            pairs = zip(left, found, strict=True)
            left = [swap for swap, answer in pairs if not self._is_done(swap, answer)]
            if left and asyncio.get_running_loop().time() > end:
                raise self._too_late()

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
        (answer,) = await self._run(script, (keys, [" ".join((under, *words))]))
        return answer

    def _named(self, key: str) -> str:
        return f"{self._prefix}:{key}"

    def _is_done(self, swap: "_Swap", answer: Any) -> bool:
        """Whether a swap was made; else it is ready for another one."""
        if answer == 1:
            if not isinstance(swap.change, bytes):
                self._know(swap.name, swap.after)
            return True
        (swap.before,) = answer
        return False

    def _know(self, name: str, value: bytes | None) -> None:
        if value is None:
            self._known.drop(name)
        else:
            self._known.put(name, value, inf)

    async def _run(
        self, script: Script, *calls: tuple[Sequence[str], Sequence[Word]]
    ) -> Sequence[Any]:
        """What a script gives for each call: the names of keys, and its arguments."""
        commands = [
            ("EVALSHA", script.digest, len(names), *names, *words) for names, words in calls
        ]
        answers = await self._ask(*commands)
        # A server that is new, or was restarted, does not know the script.
        missing = [n for n, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if missing:
            again = await self._ask(*(("EVAL", script.text, *commands[n][2:]) for n in missing))
            for n, answer in zip(missing, again, strict=True):
                answers[n] = answer
        return _checked(answers)

    async def _do(self, command: Command) -> Any:
        (answer,) = _checked(await self._ask(command))
        return answer

    async def _ask(self, *commands: Command) -> list[Any]:
        try:
            return await self._server.do(*commands)
        except TimeoutError as error:
            raise self._too_late() from error
        except Exception as error:
            # Also what is no error of Redis: a connection that breaks at a bad moment raises much.
            raise StateAway(str(error) or type(error).__name__) from error

    def _too_late(self) -> StateAway:
        return StateAway(f"no answer within {self._timeout:g} s")

    async def _refuse_a_cluster(self) -> None:
        try:
            about: bytes = await self._do(("INFO", "cluster"))
        except StateAway as error:
            if isinstance(error.__cause__, ResponseError):  # who may not ask takes it for none
                return
            raise
        if b"cluster_enabled:1" in about:
            raise StateAway("it belongs to a cluster, whose URL begins with redis+cluster://")


class _Swap:
    """A change to be made of the value that is thought to be there, or a value for any other."""

    __slots__ = ("after", "before", "change", "name")

    def __init__(self, name: str, before: bytes | None, change: Change | bytes) -> None:
        self.name = name
        self.before = before
        self.change = change
        self.after: bytes | None = None

    def call(self, lives: int) -> tuple[Sequence[str], Sequence[Word]]:
        """Of the script, with what becomes of that value."""
        if isinstance(self.change, bytes):
            return (self.name,), (lives, "any", b"", "is", self.change)
        self.after = self.change(self.before)
        return (self.name,), (lives, *_maybe(self.before), *_maybe(self.after))


def _checked(answers: Sequence[Any]) -> Sequence[Any]:
    for answer in answers:
        if isinstance(answer, Exception):
            raise StateAway(str(answer)) from answer
    return answers


def _milliseconds(ttl: float) -> int:
    return max(1, ceil(ttl * 1000))


def _words(charge: Charge) -> str:
    """How scripts are told of a charge; in figures that give the very same number again."""
    return f"{charge.most!r} {charge.window * 1e6!r} {charge.cost!r} {int(charge.is_held)}"


def _maybe(value: bytes | None) -> tuple[str, bytes]:
    return ("none", b"") if value is None else ("is", value)
