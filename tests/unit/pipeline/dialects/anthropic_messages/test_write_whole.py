import json
from dataclasses import replace
from typing import Any

import pytest
from anthropic.types import Message
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.dialects.anthropic_messages.read_answer import read_whole
from llm_proxy.pipeline.dialects.anthropic_messages.write_whole import write_count, write_whole
from llm_proxy.pipeline.dialects.seals import untag
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    ReasoningDelta,
    ReasoningState,
    RefusalDelta,
    Start,
    TextDelta,
    TokenCount,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Seal
from tests.unit.pipeline.dialects.openai_chat import json_values

FOREIGN = Seal("gemini", {"thoughtSignature": "Ci"}, "google", "call_1")

BLOCK_KEYS = ("text", "thinking", "signature", "data", "id", "name", "input", "citations")
KEYS = ("id", "model", "stop_reason", "stop_sequence", "usage", "of_tomorrow")

blocks = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "thinking", "tool_use", "redacted_thinking", "x"])},
    optional=dict.fromkeys(BLOCK_KEYS, json_values.values),
)
messages = st.fixed_dictionaries(
    {"content": st.lists(json_values.perhaps(blocks), max_size=4)},
    optional=dict.fromkeys(KEYS, json_values.values),
)


def answer(*events: Event, finish: Finish | None = None) -> Any:
    usage = Usage(130, 30, 100, 12, cache_write_tokens=20)
    told = [Start("c1", "m", 1), *events, usage, finish or Finish("stop"), End()]
    body = write_whole(told)
    parsed = json.loads(body)
    assert parsed == Message.model_validate_json(body).to_dict()
    return parsed


@given(messages, st.sampled_from([None, 2, "\t"]))
def test_a_whole_answer_leaves_byte_for_byte(message: Any, indent: Any) -> None:
    body = json.dumps(message, indent=indent).encode()
    assert body == write_whole(read_whole(body))


@given(messages)
def test_whatever_was_read_can_be_written_anew(message: Any) -> None:
    events = [replace(event, frame=None) for event in read_whole(json.dumps(message).encode())]
    assert "message" == json.loads(write_whole(events))["type"]


def test_reasoning_text_and_call_in_order() -> None:
    message = answer(
        ReasoningDelta("pl"),
        ReasoningDelta("an"),
        TextDelta("H"),
        TextDelta(""),
        TextDelta("i"),
        ToolCallStart(0, "a", "w"),
        ToolCallStart(1, "b", "v"),
        ToolCallDelta(0, '{"c":'),
        TextDelta("!"),
        ToolCallDelta(0, "2}"),
        ToolCallEnd(0),
        ToolCallEnd(1),
        finish=Finish("tool_calls"),
    )
    assert [
        {"type": "thinking", "thinking": "plan", "signature": ""},
        {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "a", "name": "w", "input": {"c": 2}},
        {"type": "tool_use", "id": "b", "name": "v", "input": {}},
        {"type": "text", "text": "!"},
    ] == message["content"]
    assert "tool_use" == message["stop_reason"]
    assert {
        "input_tokens": 10,
        "cache_creation_input_tokens": 20,
        "cache_read_input_tokens": 100,
        "output_tokens": 30,
        "output_tokens_details": {"thinking_tokens": 12},
    } == message["usage"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [("", {}), ("so", {"_raw": "so"}), ("[1]", {"_raw": "[1]"})],
)
def test_arguments_that_are_no_object(arguments: str, expected: Any) -> None:
    call = [ToolCallStart(0, "a", "f"), ToolCallDelta(0, arguments), ToolCallEnd(0)]
    assert expected == answer(*call)["content"][0]["input"]


def test_free_text_of_a_call_is_an_argument() -> None:
    start = ToolCallStart(0, "a", "f", custom=True)
    call = answer(start, ToolCallDelta(0, "x"), ToolCallEnd(0))["content"][0]
    assert {"input": "x"} == call["input"]


def test_another_vendors_state_is_tagged_and_ends_its_thought() -> None:
    first, second, third = answer(
        ReasoningDelta("hm"),
        ReasoningState(FOREIGN),
        ReasoningDelta("so"),
        TextDelta("a"),
    )["content"]
    assert [FOREIGN] == untag(first["signature"])
    assert ("hm", "so", "a") == (first["thinking"], second["thinking"], third["text"])


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "", "signature": "Eq"},
        {"type": "redacted_thinking", "data": "Eq"},
    ],
)
def test_state_of_this_dialect_is_written_as_it_is(block: dict[str, Any]) -> None:
    assert [block] == answer(ReasoningState(Seal(NAME, block, "us")))["content"]


def test_a_changed_text_does_not_come_back_with_the_signature() -> None:
    block = {"type": "thinking", "thinking": "secret", "signature": "Eq"}
    (thought,) = answer(ReasoningDelta("***"), ReasoningState(Seal(NAME, block)))["content"]
    assert {"type": "thinking", "thinking": "***", "signature": "Eq"} == thought


def test_a_refusal_and_an_empty_answer() -> None:
    assert ("refusal", "no") == (
        answer(RefusalDelta("no"))["stop_reason"],
        answer(RefusalDelta("no"))["content"][0]["text"],
    )
    assert [] == answer(finish=Finish("content_filter"))["content"]


def test_without_counts_there_are_zeros_and_without_an_id_our_own() -> None:
    body = json.loads(write_whole([Start("", "m", 0), Finish("stop"), End()]))
    assert body["id"].startswith("msg_")
    assert (0, 0) == (body["usage"]["input_tokens"], body["usage"]["output_tokens"])


def test_an_answer_without_a_finish_is_broken() -> None:
    with pytest.raises(UpstreamBroken):
        write_whole([Start("c", "m", 1), TextDelta("a"), End()])


def test_a_count() -> None:
    assert {"input_tokens": 7} == json.loads(write_count([TokenCount(7), End()]))
    with pytest.raises(UpstreamBroken):
        write_count([End()])
