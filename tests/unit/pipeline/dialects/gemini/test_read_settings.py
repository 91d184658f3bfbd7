from typing import Any

import pytest

from tests.unit.pipeline.dialects.gemini.bodies import USER, read


def params(config: dict[str, Any], **more: Any) -> Any:
    return read({"contents": [USER], "generationConfig": config, **more}).params


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"temperature": 1, "topP": 0.5, "top_k": 64.0},
            {"temperature": 1, "top_p": 0.5, "top_k": 64},
        ),
        ({"max_output_tokens": 9, "stopSequences": ["x"]}, {"max_tokens": 9, "stop": ["x"]}),
        ({"maxOutputTokens": "9", "seed": 7}, {"max_tokens": 9, "seed": 7}),
        (
            {"presencePenalty": 1, "frequencyPenalty": 2},
            {"presence_penalty": 1, "frequency_penalty": 2},
        ),
        (
            {"candidateCount": 2, "responseLogprobs": True, "logprobs": 3},
            {"n": 2, "logprobs": True, "top_logprobs": 3},
        ),
        ({"thinkingConfig": {"thinkingBudget": 0}}, {"reasoning_effort": "none"}),
        (
            {"thinkingConfig": {"thinkingBudget": -1, "includeThoughts": True}},
            {"reasoning_summary": True},
        ),
        ({"thinking_config": {"thinking_budget": 8192}}, {"reasoning_budget": 8192}),
        ({"thinkingConfig": {"thinkingLevel": "HIGH"}}, {"reasoning_effort": "high"}),
        ({"thinkingConfig": {"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}}, {}),
        ({"responseMimeType": "text/plain"}, {}),
        ({"responseMimeType": "application/json"}, {"response_format": {"type": "json_object"}}),
        ({"responseMimeType": "text/x.enum"}, {"generationConfig.responseMimeType": "text/x.enum"}),
        ({"speech_config": {"a": 1}}, {"generationConfig.speechConfig": {"a": 1}}),
        ({"temperature": None}, {}),
    ],
)
def test_settings(config: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == params(config)


def test_settings_beside_the_generation_config() -> None:
    more = {
        "safety_settings": [1],
        "cachedContent": "c",
        "service_tier": "STANDARD",
        "store": False,
        "labels": {"a": "b"},
    }
    more["toolConfig"] = {"retrievalConfig": {"a": 1}}
    expected = {
        "safetySettings": [1],
        "cachedContent": "c",
        "service_tier": "default",
        "store": False,
        "labels": {"a": "b"},
        "toolConfig.retrievalConfig": {"a": 1},
    }
    assert expected == params({}, **more)


def test_a_schema_of_the_openapi_subset_becomes_json_schema() -> None:
    subset = {
        "type": "OBJECT",
        "properties": {"type": {"type": "STRING", "nullable": True, "max_length": "5"}},
        "propertyOrdering": ["type"],
    }
    told = params({"responseMimeType": "application/json", "responseSchema": subset})[
        "response_format"
    ]
    schema = told["json_schema"]["schema"]
    assert {
        "type": "object",
        "properties": {"type": {"type": ["string", "null"], "maxLength": 5}},
    } == schema


def test_a_json_schema_is_taken_as_it_is() -> None:
    config = {
        "responseMimeType": "application/json",
        "response_json_schema": {"$schema": "x", "type": "object"},
    }
    assert {"$schema": "x", "type": "object"} == params(config)["response_format"]["json_schema"][
        "schema"
    ]
