from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.errors import BadRequest
from tests.unit.pipeline.dialects.gemini.bodies import AGENT, USER, read
from tests.unit.pipeline.dialects.openai_chat import json_values


def test_model_and_stream_are_told_by_the_path() -> None:
    request = read({"contents": [USER], "model": "models/other"}, stream=True)
    assert ("m", True) == (request.model, request.stream)
    with pytest.raises(BadRequest) as raised:
        Gemini().read_request(b'{"contents":[]}')
    assert "model" == raised.value.param


@pytest.mark.parametrize("key", ["generateContentRequest", "generate_content_request"])
def test_a_request_to_count_holds_another(key: str) -> None:
    inner = {
        "model": "models/x",
        "contents": [USER],
        "systemInstruction": {"parts": [{"text": "S"}]},
    }
    request = read({key: inner}, counts_only=True)
    assert request.counts_only
    assert ["S", "hi"] == [message.text for message in request.messages]
    assert "hi" == read({"contents": [USER]}, counts_only=True).messages[0].text


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], None),
        ({}, "contents"),
        ({"contents": [7]}, "contents[0]"),
        ({"contents": [{"parts": 7}]}, "contents[0].parts"),
        ({"contents": [{"parts": [7]}]}, "contents[0].parts[0]"),
        ({"contents": [{"parts": [{"text": 7}]}]}, "contents[0].parts[0].text"),
        ({"contents": [{"parts": [{"functionCall": 7}]}]}, "contents[0].parts[0].functionCall"),
        (
            {"contents": [{"parts": [{"functionCall": {"args": 7}}]}]},
            "contents[0].parts[0].functionCall.args",
        ),
        ({"contents": [], "systemInstruction": "S"}, "systemInstruction"),
        ({"contents": [], "generationConfig": 7}, "generationConfig"),
        ({"contents": [], "generationConfig": {"temperature": "hot"}}, "temperature"),
        ({"contents": [], "generationConfig": {"maxOutputTokens": 1.5}}, "maxOutputTokens"),
        (
            {"contents": [], "generationConfig": {"stopSequences": "x"}},
            "generationConfig.stopSequences",
        ),
        (
            {"contents": [], "generationConfig": {"thinkingConfig": {"thinkingBudget": "x"}}},
            "thinkingBudget",
        ),
        ({"contents": [], "tools": 7}, "tools"),
        ({"contents": [], "tools": [7]}, "tools[0]"),
        ({"contents": [], "tools": [{"functionDeclarations": 7}]}, "tools[0].functionDeclarations"),
        (
            {"contents": [], "tools": [{"functionDeclarations": [7]}]},
            "tools[0].functionDeclarations[0]",
        ),
    ],
)
def test_the_field_at_fault_is_named(body: Any, param: str | None) -> None:
    with pytest.raises(BadRequest) as raised:
        read(body)
    assert param == raised.value.param


def test_a_request_of_a_coding_agent() -> None:
    request = read(AGENT)
    assert ["f", "g", "googleSearch"] == [tool.name for tool in request.tools]
    assert 8192 == request.params["reasoning_budget"]
    assert "system" == request.messages[0].role


KEYS = st.sampled_from(
    [
        "contents",
        "parts",
        "text",
        "functionCall",
        "functionResponse",
        "name",
        "args",
        "id",
        "response",
        "role",
        "thoughtSignature",
        "thought",
        "inlineData",
        "fileData",
        "mimeType",
        "data",
        "fileUri",
        "generationConfig",
        "thinkingConfig",
        "thinkingBudget",
        "responseSchema",
        "responseMimeType",
        "tools",
        "functionDeclarations",
        "parameters",
        "toolConfig",
        "functionCallingConfig",
        "mode",
        "systemInstruction",
        "serviceTier",
        "topK",
    ]
)


NESTED: st.SearchStrategy[Any] = st.recursive(
    json_values.scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, NESTED, max_size=4), NESTED)
def test_any_json_is_read_or_refused(body: Any, part: Any) -> None:
    for one in (body, {"contents": [{"role": "model", "parts": [part]}], "generationConfig": part}):
        try:
            request = read(one)
        except BadRequest:
            continue
        assert request.source is not None


def test_what_is_too_deep_is_refused() -> None:
    deep: Any = {"type": "OBJECT"}
    for _ in range(300):
        deep = {"properties": {"a": deep}}
    call = {"functionCall": {"name": "f", "args": deep}}
    with pytest.raises(BadRequest):
        read({"contents": [{"role": "model", "parts": [call]}]})
    tool = {"functionDeclarations": [{"name": "f", "parameters": deep}]}
    assert read({"contents": [USER], "tools": [tool]}).tools
