"""Stages that do what a stage must not: `llm-proxy verify` finds them."""

from collections.abc import Sequence

from llm_proxy.pipeline import Exchange, Next, Reply, Stage, StageOptions
from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import End, Event, Failure, Finish, TextDelta
from llm_proxy.pipeline.reply import Head


class Swallows(Stage[StageOptions]):
    """Lets an answer that broke off look as if it were whole."""

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        def step(event: Event) -> Sequence[Event]:
            return (Finish("stop"), End()) if isinstance(event, Failure) else (event,)

        return (await call_next(exchange)).through(step)


class Mixes(Stage[StageOptions]):
    """Begins each answer with something that nobody said."""

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        said: list[Event] = []

        def step(event: Event) -> Sequence[Event]:
            if isinstance(event, TextDelta) and not said:
                said.append(event)
                return (TextDelta("answered by nobody, "), event)
            return (event,)

        return (await call_next(exchange)).through(step)


class Breaks(Stage[StageOptions]):
    """Has a defect that shows when a backend fails."""

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        try:
            return await call_next(exchange)
        except ProxyError as error:
            raise ValueError("a defect") from error


class Hushes(Stage[StageOptions]):
    """Gives an empty answer in place of an error."""

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        try:
            return await call_next(exchange)
        except ProxyError:
            return Reply.of(Head("one", "gpt-5"), [Finish("stop"), End()])
