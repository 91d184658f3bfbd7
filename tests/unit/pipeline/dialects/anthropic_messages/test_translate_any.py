"""Whatever a client of another dialect says, what is sent keeps to the vendor's rules."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.parts import Audio, Part, Reasoning, Seal
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.pipeline.traits import Traits
from tests.unit.pipeline.dialects import talk
from tests.unit.pipeline.dialects.anthropic_messages.bodies import official, sent

OWN = Seal("anthropic_messages", {"type": "thinking", "thinking": "p", "signature": "E"}, "us")

traits = st.builds(
    Traits,
    thinking=st.sampled_from(["none", "budget", "adaptive", "effort"]),
    can_stop_thinking=st.booleans(),
    forced_tools_while_thinking=st.booleans(),
    system_turns=st.booleans(),
    sampling=st.sampled_from(["full", "unit", "one_of_unit", "none"]),
    structured=st.sampled_from(["schema", "object", "none"]),
    tool_choice=st.sampled_from(["full", "auto", "none"]),
    max_output=st.sampled_from([None, 1024, 9000, 64000]),
)
params = st.fixed_dictionaries(
    {},
    optional={
        "reasoning_effort": st.sampled_from(["none", "minimal", "low", "high", "max", "odd"]),
        "reasoning_budget": st.sampled_from([0, 5, 2000, 40_000]),
        "reasoning_summary": st.booleans(),
        "max_tokens": st.sampled_from([1, 1024, 3000, 90_000]),
        "temperature": st.sampled_from([0, 0.5, 2]),
        "top_p": st.just(0.5),
        "stop": st.sampled_from([["x"], [" "], None]),
        "parallel_tool_calls": st.booleans(),
        "response_format": st.sampled_from(
            [
                {"type": "json_object"},
                {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}},
            ]
        ),
    },
)


def sendable(message: Message) -> Message:
    """With thoughts of the vendor's own, and without what no vendor of the dialect takes."""
    parts: list[Part] = []
    for part in message.parts:
        if isinstance(part, Reasoning) and part.text == "two":
            parts.append(replace(part, seal=OWN))
        elif not isinstance(part, Audio):
            parts.append(part)
    return message.with_parts(parts)


def text_blocks(blocks: Any) -> list[str]:
    return [block["text"] for block in blocks if block["type"] == "text"]


@pytest.mark.parametrize("_", range(2))
@given(talk.requests, traits, params)
def test_the_rules_are_kept(_: int, request: ChatRequest, facts: Traits, asked: Any) -> None:
    talk_ = [sendable(message) for message in request.messages]
    body = official(replace(request, messages=talk_, params=asked), **facts.model_dump())
    messages = body["messages"]
    assert "user" == messages[0]["role"]
    for before, after in zip(messages, [*messages[1:], None], strict=True):
        role = before["role"]
        assert after is None or role != after["role"]
        if role == "system":
            assert facts.system_turns
            assert after is None or "assistant" == after["role"]
        assert before["content"]
        assert all(text.strip() for text in text_blocks(before["content"]))
        calls = [b["id"] for b in before["content"] if b["type"] == "tool_use"]
        if after is not None and calls:
            answers = after["content"][: len(calls)]
            assert calls == [b.get("tool_use_id") for b in answers]
            rest = after["content"][len(calls) :]
            assert not [b for b in rest if b["type"] == "tool_result"]
        elif after is not None:
            assert not [b for b in after["content"] if b["type"] == "tool_result"]
    kept_rules_of_thinking(body, facts)


def kept_rules_of_thinking(body: Any, facts: Traits) -> None:
    thinking = body.get("thinking") or {"type": None}
    kinds = {"none": {None}, "budget": {None, "enabled", "disabled"}}
    assert thinking["type"] in kinds.get(facts.thinking, {None, "adaptive", "disabled"})
    if thinking["type"] == "enabled":
        assert 1024 <= thinking["budget_tokens"] < body["max_tokens"]
        own = [m["content"] for m in body["messages"] if m["role"] == "assistant"]
        calling = [content for content in own if any(b["type"] == "tool_use" for b in content)]
        assert not calling or calling[-1][0]["type"] == "thinking"
    if thinking["type"] in ("enabled", "adaptive"):
        assert not {"temperature", "top_p", "top_k"} & body.keys()
        choice = body.get("tool_choice", {"type": "auto"})["type"]
        assert choice in ("auto", "none") or facts.forced_tools_while_thinking
    assert body["max_tokens"] <= (facts.max_output or 90_000)
    assert "tools" in body or "tool_choice" not in body


@given(talk.requests, traits)
def test_nothing_but_known_errors(request: ChatRequest, facts: Traits) -> None:
    with suppress(ProxyError):
        sent(request, **facts.model_dump())
