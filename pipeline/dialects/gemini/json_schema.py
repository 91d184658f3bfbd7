"""Schemas: the subset of OpenAPI that this dialect began with, and JSON Schema."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.gemini.wire_names import camel
from llm_proxy.pipeline.json_values import is_list, is_object

_DEEPEST = 64
"""Levels that are looked at; no schema of a tool is as deep."""

_RENAMED = {"defs": "$defs", "ref": "$ref"}
_COUNTS = {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"}
_BY_NAME = {"properties", "$defs"}
"""Keywords whose value holds schemas by names that are the author's own."""

_ABOUT = {"$schema", "$comment"}
"""Keywords that say something of a JSON Schema and nothing of the value."""

_MANY = {"anyOf", "oneOf", "allOf", "prefixItems"}
_ONE = {"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"}
_NAMED = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}


def json_schema(schema: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """A schema of the OpenAPI subset as JSON Schema: types in lower case, null as a type."""
    written: dict[str, Any] = {}
    for name, value in schema.items():
        key = _RENAMED.get(camel(name), camel(name))
        if key == "type":
            if isinstance(value, str) and value != "TYPE_UNSPECIFIED":
                written["type"] = value.lower()
        elif key in _COUNTS and isinstance(value, str) and value.isdecimal():
            written[key] = int(value)  # 64-bit numbers are strings in this JSON
        elif key not in ("nullable", "propertyOrdering"):
            written[key] = _converted(key, value, depth)
    return _with_null(written) if schema.get("nullable") is True else written


def _converted(key: str, value: Any, depth: int) -> Any:
    if depth > _DEEPEST or key in ("default", "example", "enum"):
        return value
    if key in _BY_NAME and is_object(value):
        return {name: _schema_in(inner, depth) for name, inner in value.items()}
    if is_list(value):
        return [_schema_in(inner, depth) for inner in value]
    return _schema_in(value, depth)


def _schema_in(value: Any, depth: int) -> Any:
    return json_schema(value, depth + 1) if is_object(value) else value


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(type_ := schema.get("type"), str):
        schema["type"] = [type_, "null"]
        if is_list(schema.get("enum")):
            schema["enum"] = [*schema["enum"], None]
    elif is_list(schema.get("anyOf")):
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    return schema


def cleaned(schema: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """A JSON Schema without what it says of itself. A property of such a name stays."""
    return {key: _cleaned(key, value, depth) for key, value in schema.items() if key not in _ABOUT}


def _cleaned(key: str, value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return value
    if key in _NAMED and is_object(value):
        return {name: _cleaned_schema(inner, depth) for name, inner in value.items()}
    if key in _MANY and is_list(value):
        return [_cleaned_schema(inner, depth) for inner in value]
    return _cleaned_schema(value, depth) if key in _ONE else value


def _cleaned_schema(value: Any, depth: int) -> Any:
    return cleaned(value, depth + 1) if is_object(value) else value
