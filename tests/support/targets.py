"""Targets that do what a script says, in virtual time, behind a `Failover` stage.

A target's script is a list of turns, the last one again and again: an exception, events, or a
`Turn`, which says how long the target takes and where it breaks.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from unittest.mock import Mock

import aiohttp

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Event, Failure, Start, TextDelta
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.stage import Kit
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.failover import Failover
from tests.support.stages import said
from tests.support.virtual_time import in_virtual_time

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Turn:
    """One call of a target: `error` (or the events of an answer) after `seconds`. `breaks` is told
    in the answer after its first text."""

    seconds: float = 0.0
    error: ProxyError | None = None
    text: str | None = None
    breaks: ProxyError | None = None
    events: Sequence[Event] | None = None

    def answer(self, target: Target) -> Sequence[Event]:
        if self.events is not None:
            return self.events
        text = f"from {target}" if self.text is None else self.text
        if self.breaks:
            return [Start("i", target.model, 1), TextDelta(text), Failure(self.breaks)]
        return said(text)


Script = ProxyError | Turn | Sequence[ProxyError | Turn]


def _turns(script: Script) -> Sequence[ProxyError | Turn]:
    return script if isinstance(script, Sequence) else [script]


class Keyed:
    """As much of a backend as failover looks at."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = keys


@dataclass
class Farm:
    """Targets by the names of their models (`a` is `x:a`), or of one key (`a2`), and a stage before
    them. `calls` holds
    what was asked when, `open` how many answers are not closed."""

    scripts: Mapping[str, Script] = field(default_factory=dict[str, Script])
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    keys: Sequence[str] = ()
    calls: list[tuple[float, Target]] = field(default_factory=list[tuple[float, Target]])
    requests: list[Exchange] = field(default_factory=list[Exchange])
    open: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._counts: dict[Target, int] = {}
        self._at_once = 0
        self.stage: Failover | None = None

    def began(self) -> Failover:
        """The stage, made at its first use, when there is a loop to tell the time."""
        if self.stage is None:
            loop = asyncio.get_running_loop()
            models = [name for name in self.scripts if name.isalpha()]
            route = {"attempts": [{"backend": "x", "model": name} for name in models]}
            given = dict(self.options)
            strategy = {k: given.pop(k) for k in ("policy", "exhaust", "sticky") if k in given}
            options = {"routes": {"m": {**route, **strategy}}, **given}
            kit = Kit(
                http=Mock(spec=aiohttp.ClientSession),
                store=MemoryStore(loop.time),
                backends={"x": Keyed(self.keys)},  # type: ignore[dict-item]
                default_backend="x",
                clock=loop.time,
                sleep=asyncio.sleep,
                health=Health(loop.time),
            )
            self.stage = Failover(Failover.Options.model_validate(options), kit)
        return self.stage

    async def ask(self, exchange: Exchange) -> Reply:
        return await self.began()(exchange, self._rest)

    @property
    def asked(self) -> list[str]:
        """The models that were asked, in order, with their keys."""
        return [f"{t.model}{t.key}" for _, t in self.calls]

    @property
    def times(self) -> list[float]:
        """When, in seconds after the loop began."""
        return [round(when - 1000.0, 3) for when, _ in self.calls]

    async def _rest(self, exchange: Exchange) -> Reply:
        target = exchange.target
        assert target is not None
        self.calls.append((asyncio.get_running_loop().time(), target))
        self.requests.append(exchange)
        by_model = self.scripts.get(target.model, Turn())
        turns = _turns(self.scripts.get(f"{target.model}{target.key}", by_model))
        count = self._counts.get(target, 0)
        self._counts[target] = count + 1
        turn = turns[min(count, len(turns) - 1)]
        turn = Turn(error=turn) if isinstance(turn, ProxyError) else turn
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(turn.seconds)
        finally:
            self._at_once -= 1
        if turn.error:
            raise turn.error
        self.open += 1
        return Reply.of(Head("x", target.model), list(turn.answer(target))).on_close(self._close)

    def _close(self) -> None:
        self.open -= 1


def played(main: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a test in virtual time."""
    return in_virtual_time(main)
