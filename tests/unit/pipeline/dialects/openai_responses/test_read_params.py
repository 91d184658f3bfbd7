from typing import Any

import pytest

from llm_proxy.pipeline.dialects.openai_responses.read_params import read_params

FLAT = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}
NESTED = {"name": "n", "schema": {"type": "object"}, "strict": True}


@pytest.mark.parametrize(
    ("fields", "params"),
    [
        ({"model": "m", "input": "x", "stream": True, "tools": [], "tool_choice": "auto"}, {}),
        ({"max_output_tokens": 9}, {"max_tokens": 9}),
        ({"reasoning": {"effort": "low"}}, {"reasoning_effort": "low"}),
        ({"reasoning": {"summary": "auto"}}, {"reasoning_summary": True}),
        ({"reasoning": {"summary": None, "effort": None}}, {"reasoning_effort": None}),
        ({"reasoning": {"context": "auto"}}, {"reasoning.context": "auto"}),
        ({"reasoning": 1}, {"reasoning": 1}),
        ({"text": {"verbosity": "low", "x": 1}}, {"verbosity": "low", "text.x": 1}),
        ({"text": {"format": {"type": "text"}}}, {}),
        (
            {"text": {"format": {"type": "json_object"}}},
            {"response_format": {"type": "json_object"}},
        ),
        (
            {"text": {"format": FLAT}},
            {"response_format": {"type": "json_schema", "json_schema": NESTED}},
        ),
        ({"safety_identifier": "a", "user": "b"}, {"user": "a"}),
        ({"user": "b"}, {"user": "b"}),
        (
            {"include": ["message.output_text.logprobs"], "top_logprobs": 2},
            {
                "include": ["message.output_text.logprobs"],
                "top_logprobs": 2,
                "logprobs": True,
            },
        ),
        ({"truncation": "auto", "x_mine": 1}, {"truncation": "auto", "x_mine": 1}),
    ],
)
def test_settings(fields: dict[str, Any], params: dict[str, Any]) -> None:
    assert params == read_params(fields)
