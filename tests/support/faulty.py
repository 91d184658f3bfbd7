"""Vendors that fail by chance, in every way that the lab knows, and else answer by a marker.

What they are asked must begin with a word that is its own, the marker; it stands in every piece of
the answer, so that no mixture of two answers looks like one.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from socket import SO_REUSEADDR, SOL_SOCKET, socket
from typing import Self

from llm_proxy.lab.answers import WIDE, Answer, Asked, asked_of, models_of
from llm_proxy.lab.faults import FAULTS
from llm_proxy.lab.vendor import Connection, Vendor, streamed, whole
from llm_proxy.pipeline.events import End, Finish, Usage
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.trace import Target
from tests.support.four_vendors import TYPES

TARGETS = {
    "one": ("openai_chat", Target("one", "m1")),
    "two": ("anthropic_messages", Target("two", "m2")),
    "three": ("gemini", Target("three", "m3")),
}
"""The backends: the dialect that each speaks, and what it is asked for."""

_NEVER = {
    *("error-400", "error-401", "error-403", "error-404", "error-413", "quota"),
    *("context-too-long", "content-filter", "empty"),
}
"""What another try does not mend, or what is an answer."""

_SELDOM = ("error-429", "slow-head", "stall")
"""Faults that take long, or after which a target is left alone for long."""

_FAULTS = [fault for fault in FAULTS if fault.name not in _NEVER]
_WEIGHTS = [1 if fault.name.startswith(_SELDOM) else 8 for fault in _FAULTS]

_ENDING = (Finish("stop"), Usage(1, 3), End())


def pieces(marker: str, speaker: object) -> tuple[str, ...]:
    """An answer's text as it is streamed, each piece telling whose it is."""
    return (
        f"{marker}: answered by {speaker},",
        f" still by {speaker} {WIDE} for {marker},",
        f" and to its end by {speaker} for {marker}.",
    )


@record
class _Marked(Asked):
    """A request whose good answer says certain pieces."""

    says: Sequence[str] = ()

    def good(self) -> Answer:
        return self.answer(self.says, _ENDING)


@dataclass(slots=True)
class FaultyVendors:
    """One vendor for each backend; use as a context manager.

    A share of `faultiness` of all calls fails. With `speaker` every target says the same, in its
    name, and goes on with what it is told that it has said. Each waits for up to `pause` seconds
    before every piece. `faults` counts the calls that failed, by the names of the lab.
    """

    faultiness: float = 0.3
    speaker: str = ""
    pause: float = 0.0
    faults: Counter[str] = field(default_factory=Counter[str])
    vendors: dict[str, Vendor] = field(default_factory=dict[str, Vendor])
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        for name in TARGETS:
            vendor = Vendor([_Play(self, name)])
            self.vendors[name] = await self._stack.enter_async_context(vendor)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Close every connection, and listen no longer."""
        await self._stack.aclose()

    @property
    def attempts(self) -> str:
        """The targets of a route in a configuration."""
        return ", ".join(
            f'{{ backend = "{target.backend}", model = "{target.model}" }}'
            for _, target in TARGETS.values()
        )

    def tables(self, more: str = "") -> str:
        """The backends in a configuration, each with `more` options."""
        return "\n".join(
            f'[backends.{name}]\n{TYPES[dialect]}\napi_key = "fake-key-{name}"\n'
            f'api_url = "http://127.0.0.1:{self.vendors[name].port}'
            f'{"/v1" if dialect.startswith("openai") else ""}"\n{more}'
            for name, (dialect, _) in TARGETS.items()
        )

    def texts(self, marker: str) -> list[str]:
        """Every text that is a whole answer to the request with this marker."""
        speakers = [self.speaker] if self.speaker else [target for _, target in TARGETS.values()]
        return ["".join(pieces(marker, speaker)) for speaker in speakers]

    def tasks(self) -> set[asyncio.Task[None]]:
        """What waits for the next request of a connection that is kept."""
        return {task for vendor in self.vendors.values() for task in vendor._tasks}

    def forget(self) -> None:
        """Forget what was asked."""
        for vendor in self.vendors.values():
            vendor.requests.clear()

    async def refuse_now_and_then(self, chance: random.Random) -> None:
        """Until cancelled: let nobody listen at a vendor's address for some moments."""
        while True:
            await asyncio.sleep(chance.uniform(0.1, 0.5))
            vendor = chance.choice(list(self.vendors.values()))
            assert vendor._server
            vendor._server.close()
            with socket() as held:  # nobody else may get the port meanwhile
                held.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
                held.bind(("127.0.0.1", vendor.port))
                try:
                    await asyncio.sleep(0.02)
                finally:
                    vendor._server = await asyncio.start_server(
                        vendor._serve, "127.0.0.1", vendor.port
                    )


@dataclass(frozen=True, slots=True)
class _Play:
    """What the vendor of one backend plays, whatever it is asked."""

    farm: FaultyVendors
    backend: str

    async def __call__(self, at: Connection) -> None:
        asked = asked_of(self.backend, at.received)
        if asked is None:
            await whole(models_of(at.received))(at)
            return
        pause = self.farm.pause * random.random()
        await asyncio.sleep(pause)
        marked = _Marked(asked.target, asked.dialect, asked.request, self._says(asked))
        if random.random() >= self.farm.faultiness:
            answer = marked.good()
            frames = [*answer.spoken, answer.ending]
            await streamed(frames, pause=pause, content_type=answer.content_type)(at)
            return
        (fault,) = random.choices(_FAULTS, _WEIGHTS)
        self.farm.faults[fault.name] += 1
        if fault.deed is None:  # it is asked already, so this is the nearest
            at.reset()
            raise ConnectionResetError
        await fault.deed(marked)(at)

    def _says(self, asked: Asked) -> Sequence[str]:
        marker = asked.request.messages[0].text.split()[0]
        says = pieces(marker, self.farm.speaker or asked.target)
        said = next((m.text for m in asked.request.messages if m.role == "assistant"), "")
        rest = says[_count(says, said) :]
        # Some models go on as they are told, some begin anew.
        return rest if rest and random.random() < 0.5 else says


def _count(says: Sequence[str], said: str) -> int:
    """How many of the pieces have been said."""
    return next(n for n in range(len(says) + 1) if "".join(says[:n]) == said)
