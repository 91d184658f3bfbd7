"""Going on with an answer that broke in the middle."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Self

from llm_proxy.pipeline.continuing import continuing
from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import (
    Event,
    Failure,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    ReasoningState,
    Start,
    TextDelta,
    Usage,
)
from llm_proxy.pipeline.parts import Seal
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.request import ChatRequest

_TAIL = 2000
_WORD = re.compile(r"\w+")
_TELLING_WORDS = 3

GoOn = Callable[[ChatRequest, ProxyError], Awaitable[Reply]]
"""Asks another target after an error; raises `ProxyError` if none is left."""


class Resumed:
    """The events of an answer and of those that continue it where it breaks: a source for a reply.

    An answer can be continued while nothing but text has come, and reasoning before it; an error
    that `is_mendable` denies is told. What a continuation thinks is left out, its text is fitted
    on, and its tokens are added.
    """

    def __init__(
        self,
        reply: Reply,
        request: ChatRequest,
        go_on: GoOn,
        is_mendable: Callable[[ProxyError], bool],
    ) -> None:
        self._reply = reply
        self._request = request
        self._go_on = go_on
        self._is_mendable = is_mendable
        self._texts: list[str] = []
        params = request.params
        self._is_plain = "response_format" not in params and params.get("n") in (None, 1)
        self._usage: Usage | None = None
        self._broken: Failure | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sequence[Event]:
        if self._broken is not None:
            failure, self._broken = self._broken, None
            return await self._mended(failure)
        events = await anext(self._reply)
        for event in events:
            self._note(event)
        last = events[-1]
        if isinstance(last, Failure) and self._can_be_mended(last.error):
            self._broken = last
            return events[:-1]  # what came with it does not wait for another target
        return events

    async def aclose(self) -> None:
        """Close whichever answer is under way."""
        await self._reply.aclose()

    def _note(self, event: Event) -> None:
        match event:
            case TextDelta(text):
                self._texts.append(text)
            case Usage():
                self._usage = event
            case Start() | KeepAlive() | ReasoningDelta() | Failure() | Opaque(_, ""):
                pass
            case ReasoningState(Seal(call=None)) if not self._texts:
                pass  # it stays with its maker's reasoning, which the client has whole
            case _:
                self._is_plain = False

    def _can_be_mended(self, error: ProxyError) -> bool:
        return any(self._texts) and self._is_plain and self._is_mendable(error)

    async def _mended(self, failure: Failure) -> Sequence[Event]:
        """Nothing, where another target goes on; else the failure."""
        await self._reply.aclose()
        text = "".join(self._texts)
        try:
            self._reply = await self._go_on(continuing(self._request, text), failure.error)
        except ProxyError:
            return [failure]
        self._reply.through(Continuation(text, self._usage))
        return []


class Continuation:
    """A step that fits the events of a second answer on the first, which ended in `text`: they lose
    the bytes they came in, the beginning and what repeats the end of `text`."""

    def __init__(self, text: str, usage: Usage | None) -> None:
        self._sent = text
        self._usage = usage
        self._held = ""
        self._fitted = False

    def __call__(self, event: Event) -> Sequence[Event]:
        match event:
            case Start() | ReasoningDelta() | ReasoningState(Seal(call=None)) | Opaque():
                return ()
            case TextDelta(text):
                return self._fit(text)
            case Usage():
                return (self._summed(event),)
            case KeepAlive():
                return (KeepAlive(),)
            case Failure(error):
                return (Failure(error),)  # what is held back may be a repetition: it comes anew
            case _:
                return (*self._rest(), replace(event, frame=None))

    def _fit(self, text: str) -> Sequence[Event]:
        if self._fitted:
            return (TextDelta(text),)
        self._held += text
        if self._held in self._sent:  # it may all be a repetition
            return ()
        return self._rest()

    def _rest(self) -> Sequence[Event]:
        """What was held back, without the repetition."""
        self._fitted = True
        held, self._held = self._held, ""
        new = held[overlap(self._sent, held) :]
        return (TextDelta(new),) if new else ()

    def _summed(self, usage: Usage) -> Usage:
        before = self._usage
        if before is None:
            return replace(usage, frame=None)
        return Usage(
            before.input_tokens + usage.input_tokens,
            before.output_tokens + usage.output_tokens,
            before.cached_tokens + usage.cached_tokens,
            before.reasoning_tokens + usage.reasoning_tokens,
            cache_write_tokens=before.cache_write_tokens + usage.cache_write_tokens,
        )


def overlap(sent: str, text: str) -> int:
    """How many characters at the beginning of `text` repeat the end of `sent`: all of it, where an
    answer begins anew, or so much that it cannot be chance. Three words that differ are that; a
    line of dashes or a word said twice is not."""
    if len(sent) > 1 and text.startswith(sent):
        return len(sent)
    tail = sent[-_TAIL:]
    for start in range(len(tail)):
        repeated = tail[start:]
        if text.startswith(repeated):
            words = set(_WORD.findall(repeated))
            return len(repeated) if len(words) >= _TELLING_WORDS else 0
    return 0
