from typing import Any

import pytest

from llm_proxy.pipeline.dialects.anthropic_messages.read_settings import read_settings

SCHEMA = {"type": "object"}
FORMAT = {"type": "json_schema", "json_schema": {"name": "response", "schema": SCHEMA}}


@pytest.mark.parametrize(
    ("fields", "params"),
    [
        (
            {"temperature": 0.5, "top_p": 1, "top_k": 3},
            {"temperature": 0.5, "top_p": 1, "top_k": 3},
        ),
        ({"max_tokens": 9}, {"max_tokens": 9}),
        ({"stop_sequences": ["a", " "]}, {"stop": ["a", " "]}),
        ({"metadata": {"user_id": "u"}}, {"user": "u"}),
        ({"metadata": {"user_id": "u", "x": 1}}, {"user": "u", "metadata": {"x": 1}}),
        ({"service_tier": "standard_only"}, {"service_tier": "default"}),
        ({"service_tier": "auto"}, {"service_tier": "auto"}),
        ({"thinking": {"type": "disabled"}}, {"reasoning_effort": "none"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, {"reasoning_budget": 2048}),
        ({"thinking": {"type": "enabled"}}, {}),
        ({"thinking": {"type": "adaptive"}}, {}),
        ({"thinking": {"type": "between_tools"}}, {}),
        ({"thinking": None, "metadata": None, "output_config": None}, {}),
        (
            {"thinking": {"type": "adaptive", "display": "summarized"}},
            {"reasoning_summary": True},
        ),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, {"reasoning_summary": False}),
        ({"output_config": {"effort": "max"}}, {"reasoning_effort": "max"}),
        (
            {"output_config": {"effort": "max"}, "thinking": {"type": "disabled"}},
            {"reasoning_effort": "none"},
        ),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            {"response_format": FORMAT},
        ),
        (
            {"output_format": {"type": "json_schema", "schema": SCHEMA}},
            {"response_format": FORMAT},
        ),
        ({"output_config": {"task_budget": 1}}, {"output_config": {"task_budget": 1}}),
        (
            {"tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
            {"parallel_tool_calls": False},
        ),
        ({"tool_choice": {"type": "any", "disable_parallel_tool_use": False}}, {}),
        (
            {"context_management": {"edits": []}, "x": 1},
            {"context_management": {"edits": []}, "x": 1},
        ),
        ({"model": "m", "messages": [], "system": "S", "tools": [], "stream": True}, {}),
    ],
)
def test_settings_by_their_common_names(fields: dict[str, Any], params: dict[str, Any]) -> None:
    assert params == read_settings(fields)
