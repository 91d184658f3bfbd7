"""Running one stage alone: `reply = await Run(Stage, options, …)(exchange)`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from unittest.mock import Mock

import aiohttp

from llm_proxy.pipeline.events import End, Event, Finish, Start, TextDelta, Usage
from llm_proxy.pipeline.exchange import Client, Exchange
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.pipeline.stage import Kit, Stage
from llm_proxy.pipeline.state.memory import MemoryStore
from tests.support.clock import Clock

Answer = Sequence[Event] | Exception | Callable[[Exchange], Reply]


def asking(text: str = "hello", **changes: Any) -> Exchange:
    """An exchange of one user turn; `changes` go to the request."""
    fields: dict[str, Any] = {"model": "m", "messages": (Message("user", (Text(text),)),)}
    return Exchange.of(ChatRequest(**{**fields, **changes}), Client("127.0.0.1"))


def said(*texts: str, reason: str = "stop") -> list[Event]:
    """The events of an answer in these pieces."""
    deltas: list[Event] = [TextDelta(text) for text in texts]
    return [Start("id", "m", 1), *deltas, Finish(reason), Usage(1, len(texts)), End()]  # type: ignore[arg-type]


def text_of(events: Sequence[Event]) -> str:
    """The text that events carry."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


class Run:
    """A stage over a scripted rest of the chain: each call of the rest gives the next answer.

    `seen` holds the exchanges the rest was called with, `replies` what it gave.
    """

    def __init__(
        self,
        stage: type[Stage[Any]],
        /,
        options: Mapping[str, Any] | None = None,
        answers: Sequence[Answer] = (),
        **kit: Any,
    ) -> None:
        self.clock = Clock()
        http = Mock(spec=aiohttp.ClientSession)
        fields: dict[str, Any] = {
            "http": http,
            "store": MemoryStore(self.clock),
            "clock": self.clock,
            "sleep": self.clock.sleep,
            "health": Health(self.clock),
        }
        self.stage = stage(stage.Options.model_validate(options or {}), Kit(**{**fields, **kit}))
        self.answers = list(answers) or [said("ok")]
        self.seen: list[Exchange] = []
        self.replies: list[Reply] = []

    async def __call__(self, exchange: Exchange) -> Reply:
        return await self.stage(exchange, self._rest)

    async def _rest(self, exchange: Exchange) -> Reply:
        answer = self.answers[min(len(self.seen), len(self.answers) - 1)]
        self.seen.append(exchange)
        if isinstance(answer, Exception):
            raise answer
        reply = answer(exchange) if callable(answer) else Reply.of(Head("b", "m"), list(answer))
        self.replies.append(reply)
        return reply
