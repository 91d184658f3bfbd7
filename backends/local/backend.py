"""The backend that is its own vendor."""

from collections.abc import Iterator, Sequence
from typing import Self

from pydantic import Field

from llm_proxy.backends.local.models import MODELS, Play, error_of_model
from llm_proxy.backends.local.tools import tool_calls
from llm_proxy.backends.local.words import count, input_tokens, last_said, words_of
from llm_proxy.pipeline.backend import Backend, BackendOptions
from llm_proxy.pipeline.continuing import interrupted
from llm_proxy.pipeline.errors import Kind, UpstreamBroken, UpstreamRefused
from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.registry import did_you_mean
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.values import Seconds

_FOREVER = 86400.0


class LocalOptions(BackendOptions):
    """Options of a backend of type `local`."""

    pace: Seconds = Field(default=0.2, description="The pause before each word of `slow`.")


class Local(Backend[LocalOptions]):
    """Answers by itself: repeats what was said, word by word, calls a tool that is offered and
    asked for, and plays the faults of real vendors by the name of the model."""

    Options = LocalOptions

    async def models(self) -> list[str]:
        return list(MODELS)

    async def count(self, exchange: Exchange, model: str) -> int:
        return input_tokens(exchange.request)

    async def send(self, exchange: Exchange, model: str) -> Reply:
        if error := error_of_model(model):
            raise error
        play = MODELS.get(model)
        if play is None:
            names = list(MODELS)
            message = (
                f'the backend "{self.name}" has no model "{model}"{did_you_mean(model, names)}'
            )
            raise UpstreamRefused(f"{message} (it has {', '.join(names)})", Kind.NOT_FOUND, 404)
        return Reply(Head(self.name, model), _Performance(exchange.request, model, play, self))


class _Performance:
    """An answer as it is given: a word at a time, with the pauses and the fault of its play."""

    def __init__(self, request: ChatRequest, model: str, play: Play, backend: Local) -> None:
        self._play = play
        self._sleep = backend.kit.sleep
        self._pace = backend.options.pace if play.slow else 0.0
        self._batches = _batches(*interrupted(request), model, play)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sequence[Event]:
        batch = next(self._batches, None)
        if batch is not None:
            if self._pace:
                await self._sleep(self._pace)
            return batch
        if self._play.ends == "stalls":
            await self._sleep(_FOREVER)
        if self._play.ends == "breaks":
            raise UpstreamBroken("the local backend broke off, as it was asked to")
        raise StopAsyncIteration


def _batches(request: ChatRequest, sent: str, model: str, play: Play) -> Iterator[Sequence[Event]]:
    """`sent` is what another target has said already."""
    yield (Start("", model, 0),)
    if calls := tool_calls(request):
        called = sum(isinstance(call, ToolCallStart) for call in calls)
        yield (*calls, Finish("tool_calls"), Usage(input_tokens(request), called), End())
        return
    thought = f"{count(last_said(request))} words were said. I repeat them."
    if play.thinks == "aloud":
        yield (ReasoningDelta(thought),)
    spoken = 0
    limit = request.params.get("max_tokens")
    for word in _after(sent, _words(request, play, thought)):
        if spoken == play.words:
            return
        if spoken == limit:
            yield (Finish("length"), Usage(input_tokens(request), spoken), End())
            return
        yield (TextDelta(word),)
        spoken += 1
    if play.ends == "well":
        yield (Finish(play.finish), Usage(input_tokens(request), spoken), End())


def _after(sent: str, words: Iterator[str]) -> Iterator[str]:
    return words_of("".join(words).removeprefix(sent)) if sent else words


def _words(request: ChatRequest, play: Play, thought: str) -> Iterator[str]:
    if play.thinks == "in tags":
        yield f"<think>{thought}</think>\n\n"
    for _ in range(play.rounds):
        yield from words_of(play.text or last_said(request))
