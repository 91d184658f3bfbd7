from typing import Any

import pytest

from llm_proxy.pipeline.request import ToolChoice
from tests.unit.pipeline.dialects.gemini.bodies import USER, read


def test_tools() -> None:
    declared = [
        {
            "name": "f",
            "description": "d",
            "parameters": {
                "type": "OBJECT",
                "properties": {"a": {"type": "ARRAY", "items": {"type": "INTEGER"}}},
            },
        },
        {"name": "g", "parameters_json_schema": {"type": "object"}},
        {"name": "h"},
    ]
    body = {
        "contents": [USER],
        "tools": [{"function_declarations": declared, "google_search": {}}, {"codeExecution": {}}],
    }
    tools = read(body).tools
    assert ["f", "g", "h", "googleSearch", "codeExecution"] == [tool.name for tool in tools]
    assert [False, False, False, True, True] == [tool.hosted for tool in tools]
    assert {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"type": "integer"}}},
    } == tools[0].parameters
    assert ({"type": "object"}, {}) == (tools[1].parameters, tools[2].parameters)
    assert declared == [tool.origin for tool in tools[:3]]


@pytest.mark.parametrize(
    ("config", "choice"),
    [
        ({"mode": "AUTO"}, ToolChoice("auto")),
        ({"mode": "NONE"}, ToolChoice("none")),
        ({"mode": "ANY"}, ToolChoice("required")),
        ({"mode": "any", "allowed_function_names": ["f"]}, ToolChoice("required", ("f",))),
        ({"mode": "VALIDATED", "allowedFunctionNames": ["f", 7]}, ToolChoice("auto", ("f",))),
        ({"mode": "MODE_UNSPECIFIED"}, None),
        ({}, None),
        (7, None),
    ],
)
def test_the_choice_of_a_tool(config: Any, choice: Any) -> None:
    assert (
        choice
        == read(
            {"contents": [USER], "tool_config": {"function_calling_config": config}}
        ).tool_choice
    )
