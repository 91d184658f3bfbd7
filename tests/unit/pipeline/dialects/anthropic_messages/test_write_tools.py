from typing import Any

import pytest

from llm_proxy.pipeline.dialects.anthropic_messages.write_tools import written_choice, written_tool
from llm_proxy.pipeline.request import Tool, ToolChoice


def test_a_tool_as_it_came() -> None:
    origin = {"name": "f", "x": 1}
    assert origin is written_tool(Tool("f", origin=origin))


@pytest.mark.parametrize(
    ("parameters", "schema"),
    [
        ({}, {"type": "object", "properties": {}}),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}),
        ({"type": "object", "$defs": {}}, {"type": "object", "$defs": {}}),
    ],
)
def test_a_schema_is_due(parameters: dict[str, Any], schema: dict[str, Any]) -> None:
    assert {"name": "f", "input_schema": schema} == written_tool(Tool("f", parameters))


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("none"), False, {"type": "none"}),
        (ToolChoice("required", ("f",)), None, {"type": "tool", "name": "f"}),
        (ToolChoice("required", ("f", "g")), None, {"type": "any"}),
    ],
)
def test_choices(choice: ToolChoice | None, parallel: object, expected: Any) -> None:
    assert expected == written_choice(choice, parallel=parallel)
