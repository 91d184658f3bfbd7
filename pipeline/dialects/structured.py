"""Answers that must be JSON, as `response_format` asks for them."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.body import json_text
from llm_proxy.pipeline.json_values import is_list, is_object, object_or_empty
from llm_proxy.pipeline.parts import JsonObject
from llm_proxy.pipeline.record import record

NAME = "response"
"""The name of a schema whose author gave it none, where a vendor wants one."""


@record
class Format:
    """What the answer must be: JSON by a `schema`, or any object where it is None."""

    schema: JsonObject | None = None
    name: str = NAME
    description: str = ""
    strict: bool | None = None

    @property
    def instruction(self) -> str:
        """The same in words, for models that can only be asked."""
        asked = "Answer with one JSON object and nothing else: no words around it, no code fence."
        if self.schema is None:
            return asked
        return f"{asked} It must fit this JSON Schema:\n{json_text(self.schema)}"


def asked_format(params: Mapping[str, Any]) -> Format | None:
    """The format that is asked for; None for plain text."""
    asked = object_or_empty(params.get("response_format"))
    if asked.get("type") == "json_object":
        return Format()
    if asked.get("type") != "json_schema":
        return None
    fields = object_or_empty(asked.get("json_schema"))
    strict = fields.get("strict")
    return Format(
        object_or_empty(fields.get("schema")),
        str(fields.get("name") or NAME),
        str(fields.get("description") or ""),
        strict if isinstance(strict, bool) else None,
    )


def response_format(format_: Format) -> JsonObject:
    """The setting that `asked_format` reads."""
    if format_.schema is None:
        return {"type": "json_object"}
    fields: dict[str, Any] = {"name": format_.name, "schema": format_.schema}
    if format_.description:
        fields["description"] = format_.description
    if format_.strict is not None:
        fields["strict"] = format_.strict
    return {"type": "json_schema", "json_schema": fields}


def can_be_strict(schema: object) -> bool:
    """Whether a schema keeps to what OpenAI demands of strict ones: it describes an object, and
    every object is closed and all its properties are required."""
    try:
        return is_object(schema) and schema.get("type") == "object" and _is_closed(schema)
    except RecursionError:
        return False


def _is_closed(schema: object) -> bool:
    if is_list(schema):
        return all(_is_closed(item) for item in schema)
    if not is_object(schema):
        return True
    kind = schema.get("type")
    if kind == "object" or (is_list(kind) and "object" in kind) or "properties" in schema:
        properties, required = object_or_empty(schema.get("properties")), schema.get("required")
        names = [str(name) for name in required] if is_list(required) else []
        if schema.get("additionalProperties") is not False or set(properties) != set(names):
            return False
    return all(_is_closed(value) for value in schema.values())
