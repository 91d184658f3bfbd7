import json
from dataclasses import replace
from typing import Any

import pytest
from google.genai import types
from hypothesis import given

from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.dialects.gemini.read_answer import read_whole
from llm_proxy.pipeline.dialects.gemini.write_whole import write_whole
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    ReasoningDelta,
    ReasoningState,
    Start,
    TextDelta,
    TokenCount,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Seal
from llm_proxy.pipeline.request import ChatRequest
from tests.unit.pipeline.dialects.gemini.bodies import chunk
from tests.unit.pipeline.dialects.openai_chat import json_values

REQUEST = ChatRequest("m", [])
EVENTS: list[Event] = [
    Start("r1", "g-1", 1),
    ReasoningDelta("pl"),
    ReasoningDelta("an"),
    TextDelta("H"),
    TextDelta("i"),
    ReasoningState(Seal("gemini", {"thoughtSignature": "c2ln"}, "g", "c1")),
    ToolCallStart(0, "c1", "f"),
    ToolCallDelta(0, '{"a":1}'),
    ToolCallEnd(0),
    Usage(9, 4),
    Usage(10, 5),
    Finish("tool_calls"),
    End(),
]


def test_a_whole_answer() -> None:
    answer = json.loads(write_whole(REQUEST, EVENTS))
    assert [
        {"text": "plan", "thought": True},
        {"text": "Hi"},
        {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"},
    ] == answer["candidates"][0]["content"]["parts"]
    assert 15 == answer["usageMetadata"]["totalTokenCount"]
    parsed = types.GenerateContentResponse.model_validate(answer)
    assert "Hi" == parsed.text
    assert [{"a": 1}] == [call.args for call in parsed.function_calls or []]


def test_an_answer_without_a_finish_is_broken() -> None:
    with pytest.raises(UpstreamBroken):
        write_whole(REQUEST, EVENTS[:3])


def test_an_answer_with_nothing_in_it() -> None:
    answer = json.loads(write_whole(REQUEST, [Start("", "m", 0), Finish("content_filter"), End()]))
    assert {
        "content": {"role": "model", "parts": []},
        "finishReason": "SAFETY",
        "index": 0,
    } == answer["candidates"][0]
    assert answer["responseId"]


@given(json_values.values)
def test_a_whole_answer_leaves_byte_for_byte(value: Any) -> None:
    body = json.dumps({**chunk({"text": "a"}, {"x": value}), "y": value}, indent=1).encode()
    assert body == write_whole(REQUEST, read_whole(body))


def test_a_changed_answer_is_written_anew() -> None:
    body = json.dumps(chunk({"text": "a"}, reason="MAX_TOKENS")).encode()
    events = [
        replace(e, text="b", frame=None) if isinstance(e, TextDelta) else e
        for e in read_whole(body)
    ]
    answer = json.loads(write_whole(REQUEST, events))
    assert [{"text": "b"}] == answer["candidates"][0]["content"]["parts"]
    assert ("r1", "g-1", "MAX_TOKENS") == (
        answer["responseId"],
        answer["modelVersion"],
        answer["candidates"][0]["finishReason"],
    )


def test_a_count() -> None:
    request = ChatRequest("m", [], counts_only=True)
    assert b'{"totalTokens":7}' == Gemini().write_whole(request, [TokenCount(7), End()])
    with pytest.raises(UpstreamBroken):
        Gemini().write_whole(request, [End()])
