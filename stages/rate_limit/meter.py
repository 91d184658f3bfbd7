"""How many tokens a request comes to: while its answer comes, and in the end."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from math import ceil

from llm_proxy.pipeline.events import (
    Event,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.reply import PROXY, Reply
from llm_proxy.pipeline.trace import Target, Trace
from llm_proxy.stages.rate_limit.asked import NOTHING, Asked

_CHARACTERS_PER_TOKEN = 4


class Meter:
    """A step that sees what an answer comes to, in case nobody counts it to its end."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._characters = 0

    def __call__(self, event: Event) -> Sequence[Event]:
        match event:
            case TextDelta(text) | ReasoningDelta(text) | RefusalDelta(text):
                self._characters += len(text)
            case ToolCallStart(name=text) | ToolCallDelta(arguments=text):
                self._characters += len(text)
            case _:
                pass
        return (event,)

    def after(self, reply: Reply) -> tuple[Usage, Target]:
        """What it has come to, and where, now that it is over."""
        target = Target(reply.head.backend, reply.head.model)
        if reply.head.backend == PROXY or reply.head.replayed:
            return NOTHING, target
        if reply.usage and reply.outcome == "complete":
            return reply.usage, target
        return self._seen(reply.usage or self._input), target

    def without_answer(self, error: BaseException, trace: Trace) -> tuple[Usage, Target | None]:
        """What it has come to where there was no answer: nothing, if that was refused or never
        asked for; but who was asked when the client left may have understood already."""
        last = trace.attempts[-1] if trace.attempts else None
        if last and last.reason == "cancelled" and isinstance(error, asyncio.CancelledError):
            return self._input, last.target
        return NOTHING, None

    @property
    def _input(self) -> Usage:
        return Usage(self._asked.expected.input_tokens, 0)

    def _seen(self, usage: Usage) -> Usage:
        """At least what has come."""
        output = ceil(self._characters / _CHARACTERS_PER_TOKEN)
        return replace(usage, output_tokens=max(usage.output_tokens, output))
