import copy
from typing import Any

import pytest
from hypothesis import given

from llm_proxy.pipeline.dialects.anthropic_messages.schema import enforceable
from tests.unit.pipeline.dialects.openai_chat import json_values

CLOSED: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "object"}, CLOSED),
        ({"type": "object", "additionalProperties": True, "$schema": "x"}, CLOSED),
        (
            {"properties": {"a": {"type": "object"}}, "required": ["a"]},
            {"properties": {"a": CLOSED}, "required": ["a"], "additionalProperties": False},
        ),
        ({"type": "array", "items": {"type": "object"}}, {"type": "array", "items": CLOSED}),
        ({"anyOf": [{"type": "object"}, {"type": "null"}]}, {"anyOf": [CLOSED, {"type": "null"}]}),
        ({"oneOf": [{"type": "object"}]}, {"anyOf": [CLOSED]}),
        (
            {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}},
            {"$ref": "#/$defs/a", "$defs": {"a": CLOSED}},
        ),
        ({"type": "string", "format": "uuid"}, {"type": "string", "format": "uuid"}),
        ({"type": "array", "minItems": 1}, {"type": "array", "minItems": 1}),
        (
            {"type": "integer", "minimum": 1, "maximum": 9, "description": "How many."},
            {"type": "integer", "description": 'How many.\n\n{"minimum":1,"maximum":9}'},
        ),
        (
            {"type": "string", "format": "phone"},
            {"type": "string", "description": '{"format":"phone"}'},
        ),
        ({"enum": [1, None], "const": 1}, {"enum": [1, None], "const": 1}),
        (
            {"type": "object", "properties": {"minimum": {"type": "string"}, "format": True}},
            {**CLOSED, "properties": {"minimum": {"type": "string"}, "format": True}},
        ),
    ],
)
def test_what_is_enforced(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    before = copy.deepcopy(schema)
    assert expected == enforceable(schema)
    assert before == schema


@given(json_values.values)
def test_any_json_is_survived(value: Any) -> None:
    enforceable({"type": value, "format": value, "properties": value, "anyOf": value, "x": value})
