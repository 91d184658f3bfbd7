"""What an answer may hold, and how to see at the client's end whether it has arrived."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    FinishReason,
    ReasoningDelta,
    ReasoningState,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Seal

C, R, M, G = "openai_chat", "openai_responses", "anthropic_messages", "gemini"

STATES = {
    R: {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "plan"}],
        "encrypted_content": "fake",
    },
    M: {"type": "thinking", "thinking": "plan", "signature": "fake"},
    G: {"thoughtSignature": "ZmFrZQ=="},
}
"""Dialect → a block of its own state."""


@dataclass(frozen=True, slots=True)
class Feature:
    """`content` is what a vendor of a dialect says (None: it has no way to); `arrived` looks at
    what the client reads, given what the vendor said."""

    name: str
    content: Callable[[str], Sequence[Event] | None]
    arrived: Callable[[Sequence[Event], Sequence[Event]], bool]
    finish: FinishReason = "stop"
    only: frozenset[str] = frozenset({C, R, M, G})


def answer(feature: Feature, vendor: str) -> list[Event] | None:
    """All of a vendor's events."""
    content = feature.content(vendor) if vendor in feature.only else None
    if content is None:
        return None
    end: list[Event] = [
        Finish(feature.finish),
        Usage(130, 30, 100, 12, cache_write_tokens=0 if vendor == G else 20),
        End(),
    ]
    return [Start("id1", "m", 1), *content, *end]


def texts(events: Sequence[Event], kind: type[TextDelta | ReasoningDelta | RefusalDelta]) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))


def _same_text(came: Sequence[Event], said: Sequence[Event]) -> bool:
    return texts(came, TextDelta) == texts(said, TextDelta)


def _same_thought(came: Sequence[Event], said: Sequence[Event]) -> bool:
    return texts(came, ReasoningDelta) == texts(said, ReasoningDelta)


def calls(events: Sequence[Event]) -> list[tuple[str, str, object]]:
    """The calls with their arguments, in order."""
    arguments: dict[int, str] = {}
    for event in events:
        if isinstance(event, ToolCallDelta):
            arguments[event.index] = arguments.get(event.index, "") + event.arguments
    return [
        (event.id, event.name, orjson.loads(arguments.get(event.index) or "{}"))
        for event in events
        if isinstance(event, ToolCallStart)
    ]


def _same_calls(came: Sequence[Event], said: Sequence[Event]) -> bool:
    return calls(came) == calls(said)


def finish(events: Sequence[Event]) -> FinishReason:
    return next(event.reason for event in events if isinstance(event, Finish))


def usage(events: Sequence[Event]) -> Usage:
    return [event for event in events if isinstance(event, Usage)][-1]


def _same_usage(came: Sequence[Event], said: Sequence[Event]) -> bool:
    one, other = usage(came), usage(said)
    return (one.input_tokens, one.output_tokens, one.cached_tokens, one.reasoning_tokens) == (
        other.input_tokens,
        other.output_tokens,
        other.cached_tokens,
        other.reasoning_tokens,
    )


def _state(vendor: str) -> Sequence[Event] | None:
    block = STATES.get(vendor)
    if block is None:
        return None
    call = "call_1" if vendor == G else None
    return [
        ReasoningDelta("plan"),
        ReasoningState(Seal(vendor, block, "it", call)),
        ToolCallStart(0, "call_1", "f"),
        ToolCallDelta(0, "{}"),
        ToolCallEnd(0),
    ]


def _mixed(_vendor: str) -> Sequence[Event]:
    return [
        TextDelta("wait"),
        ToolCallStart(0, "call_1", "f"),
        ToolCallDelta(0, '{"a":'),
        ToolCallStart(1, "call_2", "g"),
        ToolCallDelta(1, "{}"),
        ToolCallDelta(0, "1}"),
        ToolCallEnd(0),
        ToolCallEnd(1),
    ]


def _ended(reason: FinishReason) -> Feature:
    return Feature(
        f"finish: {reason}",
        lambda _vendor: [TextDelta("so far")],
        lambda came, _said: finish(came) == reason and texts(came, TextDelta) == "so far",
        reason,
    )


FEATURES = [
    Feature("text", lambda _: [TextDelta("a"), TextDelta("é\u2028\n")], _same_text),
    Feature(
        "reasoning, then text",
        lambda _: [ReasoningDelta("pl"), ReasoningDelta("an"), TextDelta("so")],
        lambda came, said: _same_thought(came, said) and _same_text(came, said),
    ),
    Feature(
        "text and interleaved parallel tool calls",
        _mixed,
        lambda came, said: _same_text(came, said) and _same_calls(came, said),
        "tool_calls",
    ),
    Feature(
        "call without arguments",
        lambda _: [ToolCallStart(0, "call_1", "f"), ToolCallEnd(0)],
        _same_calls,
        "tool_calls",
    ),
    Feature(
        "sealed state of the vendor's",
        _state,
        lambda came, _: any(isinstance(event, ReasoningState) for event in came),
        "tool_calls",
        frozenset({R, M, G}),
    ),
    Feature(
        "refusal",
        lambda vendor: [RefusalDelta("I will not")] if vendor in (C, R) else None,
        lambda came, _: "I will not" in texts(came, RefusalDelta) + texts(came, TextDelta),
        "stop",
    ),
    Feature("tokens, cached and reasoned ones", lambda _: [TextDelta("a")], _same_usage),
    Feature(
        "tokens written to a cache",
        lambda vendor: None if vendor == G else [TextDelta("a")],
        lambda came, _: usage(came).cache_write_tokens == 20,
    ),
    _ended("length"),
    _ended("content_filter"),
    Feature(
        "finish: context_full",
        lambda _: [TextDelta("so far")],
        lambda came, _: finish(came) in ("context_full", "length"),
        "context_full",
        frozenset({M}),
    ),
    Feature(
        "finish: pause",
        lambda _: [TextDelta("so far")],
        lambda came, _: finish(came) in ("pause", "stop"),
        "pause",
        frozenset({M}),
    ),
]
