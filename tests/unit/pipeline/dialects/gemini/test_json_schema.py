import json
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.gemini.json_schema import cleaned, json_schema


@pytest.mark.parametrize(
    ("subset", "expected"),
    [
        ({"type": "STRING", "format": "date-time"}, {"type": "string", "format": "date-time"}),
        ({"type": "TYPE_UNSPECIFIED"}, {}),
        (
            {"type": "STRING", "nullable": True, "enum": ["a"]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"any_of": [{"type": "STRING"}], "nullable": True},
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
        ),
        (
            {"type": "ARRAY", "min_items": "2", "items": {"type": "INTEGER"}},
            {"type": "array", "minItems": 2, "items": {"type": "integer"}},
        ),
        (
            {"type": "OBJECT", "properties": {"any_of": {"type": "NUMBER"}}},
            {"type": "object", "properties": {"any_of": {"type": "number"}}},
        ),
        (
            {"ref": "#/$defs/a", "defs": {"a_b": {"type": "STRING"}}},
            {"$ref": "#/$defs/a", "$defs": {"a_b": {"type": "string"}}},
        ),
        (
            {"default": {"type": "STRING"}, "enum": ["STRING"]},
            {"default": {"type": "STRING"}, "enum": ["STRING"]},
        ),
    ],
)
def test_the_openapi_subset_as_json_schema(subset: Any, expected: Any) -> None:
    before = json.dumps(subset)
    assert expected == json_schema(subset)
    assert before == json.dumps(subset)


def test_what_a_schema_says_of_itself_goes_and_properties_stay() -> None:
    schema = {
        "$schema": "x",
        "$defs": {"$comment": {"$comment": "x", "type": "string"}},
        "properties": {
            "$schema": {"$schema": "x"},
            "format": {},
            "a": {"items": {"$comment": "x"}},
        },
        "anyOf": [{"$schema": "x"}],
        "default": {"$schema": "kept"},
    }
    before = json.dumps(schema)
    assert {
        "$defs": {"$comment": {"type": "string"}},
        "properties": {"$schema": {}, "format": {}, "a": {"items": {}}},
        "anyOf": [{}],
        "default": {"$schema": "kept"},
    } == cleaned(schema)
    assert before == json.dumps(schema)


def test_no_depth_is_too_much() -> None:
    deep: Any = {}
    for _ in range(900):
        deep = {"properties": {"a": deep}}
    assert cleaned(deep)
    assert json_schema(deep)
