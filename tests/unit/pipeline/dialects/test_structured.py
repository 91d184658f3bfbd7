from typing import Any

import pytest

from llm_proxy.pipeline.dialects.structured import (
    Format,
    asked_format,
    can_be_strict,
    response_format,
)

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
CLOSED = {**SCHEMA, "required": ["a"], "additionalProperties": False}


def schema_format(**fields: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": fields}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, None),
        ({"type": "text"}, None),
        ("json", None),
        ({"type": "json_object"}, Format()),
        (schema_format(schema=SCHEMA), Format(SCHEMA)),
        (
            schema_format(schema=SCHEMA, name="n", description="d", strict=True),
            Format(SCHEMA, "n", "d", strict=True),
        ),
        (schema_format(schema=None, name=None, strict="yes"), Format({})),
        ({"type": "json_schema"}, Format({})),
    ],
)
def test_what_is_asked_for(asked: object, expected: Format | None) -> None:
    assert expected == asked_format({"response_format": asked})


@pytest.mark.parametrize(
    "format_", [Format(), Format(SCHEMA), Format(SCHEMA, "n", "d", strict=False), Format({})]
)
def test_a_format_is_read_as_it_was_written(format_: Format) -> None:
    assert format_ == asked_format({"response_format": response_format(format_)})


def test_a_format_in_words() -> None:
    assert "one JSON object" in Format().instruction
    assert '{"type":"object"' in Format(SCHEMA).instruction
    assert Format(SCHEMA).instruction.startswith(Format().instruction)


def test_a_schema_nested_too_deeply_is_not_strict() -> None:
    deep: Any = CLOSED
    for _ in range(1000):
        deep = {**CLOSED, "properties": {"a": deep}}
    assert False is can_be_strict(deep)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (CLOSED, True),
        (SCHEMA, False),
        ({**CLOSED, "required": []}, False),
        ({**CLOSED, "required": None}, False),
        ({**CLOSED, "additionalProperties": True}, False),
        ({"type": "object", "additionalProperties": False}, True),
        ({**CLOSED, "properties": {"a": SCHEMA}}, False),
        ({**CLOSED, "properties": {"a": CLOSED}}, True),
        ({**CLOSED, "properties": {"a": {"type": "array", "items": SCHEMA}}}, False),
        ({**CLOSED, "properties": {"a": {"anyOf": [CLOSED, SCHEMA]}}}, False),
        ({**CLOSED, "properties": {"a": {"type": ["object", "null"]}}}, False),
        ({**CLOSED, "$defs": {"b": SCHEMA}}, False),
        ({"type": "array", "items": CLOSED}, False),
        ({}, False),
        (True, False),
        (None, False),
    ],
)
def test_which_schema_can_be_strict(*, schema: object, expected: bool) -> None:
    assert expected is can_be_strict(schema)
