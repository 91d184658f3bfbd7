"""A JSON Schema for an answer, within what this dialect's vendors enforce.

They want every object closed and know no bounds: a bound is told in words, in the description.
"""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.body import json_text, unwritable
from llm_proxy.pipeline.json_values import is_list, is_object

_KEPT = frozenset({"type", "enum", "const", "required", "title", "description", "default", "$ref"})

_INNER = frozenset({"items", "additionalItems", "contains"})
_LISTS = frozenset({"anyOf", "allOf"})
_NAMED = frozenset({"properties", "$defs", "definitions"})

_FORMATS = frozenset(
    {
        *("date-time", "time", "date", "duration", "email", "hostname", "uri"),
        *("ipv4", "ipv6", "uuid"),
    }
)

_DROPPED = frozenset({"$schema", "$id", "$comment", "additionalProperties", "strict"})


def enforceable(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the schema that is enforced as far as it can be; raises `BadRequest`."""
    try:
        return _enforceable(schema)
    except RecursionError as error:
        raise unwritable(error) from error


def _enforceable(schema: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for name, value in schema.items():
        if name in _DROPPED:
            continue
        key = "anyOf" if name == "oneOf" else name
        if key in _INNER and is_object(value):
            kept[key] = _enforceable(value)
        elif key in _LISTS and is_list(value):
            kept[key] = [_inner(item) for item in value]
        elif key in _NAMED and is_object(value):
            kept[key] = {one: _inner(item) for one, item in value.items()}
        elif key in _KEPT or _is_enforced(key, value):
            kept[key] = value
        else:
            told[key] = value
    if "properties" in kept or kept.get("type") == "object":
        kept.setdefault("properties", {})
        kept["additionalProperties"] = False
    if told:
        words = json_text(told)
        kept["description"] = "\n\n".join(str(t) for t in (kept.get("description"), words) if t)
    return kept


def _inner(item: Any) -> Any:
    return _enforceable(item) if is_object(item) else item


def _is_enforced(key: str, value: Any) -> bool:
    if key == "format":
        return isinstance(value, str) and value in _FORMATS
    return key == "minItems" and value in (0, 1)
