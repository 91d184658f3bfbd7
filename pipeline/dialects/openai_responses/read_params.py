"""A request's settings → their dialect-independent names, and where each of them stands here."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_proxy.pipeline.dialects.structured import Format, response_format
from llm_proxy.pipeline.json_values import is_list, is_object, object_or_empty

STRUCTURE = frozenset({"model", "input", "instructions", "stream", "tools", "tool_choice"})
"""Fields that shape a request and are no settings."""

LOGPROBS = "message.output_text.logprobs"
"""What `include` holds where the probabilities of tokens are asked for."""

PLACES: Mapping[str, tuple[str, ...]] = {
    "max_tokens": ("max_output_tokens",),
    "reasoning_effort": ("reasoning", "effort"),
    "reasoning_summary": ("reasoning", "summary"),
    "response_format": ("text", "format"),
    "verbosity": ("text", "verbosity"),
}
"""Settings that have another name or place here."""

GROUPS = ("reasoning", "text")
"""Objects of settings. What else stands in one is a setting `group.name` of its own."""

USERS = ("safety_identifier", "user")
"""The newer and the older name of one setting."""

_NAMES: Mapping[tuple[str, ...], str] = {place: name for name, place in PLACES.items()}


def read_params(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The settings; fields this proxy does not know by their own names."""
    params: dict[str, Any] = {}
    for name, value in fields.items():
        if name in STRUCTURE or name in USERS:
            continue
        if name in GROUPS and is_object(value):
            params.update(_grouped(name, value))
        else:
            params[_NAMES.get((name,), name)] = value
    if includes_logprobs(fields):
        params["logprobs"] = True
    for name in USERS:
        if fields.get(name) is not None:
            params["user"] = fields[name]
            break
    return params


def includes_logprobs(fields: Mapping[str, Any]) -> bool:
    """Whether the probabilities of tokens are asked for."""
    include = fields.get("include")
    return is_list(include) and LOGPROBS in include


def _grouped(group: str, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        known = _NAMES.get((group, name))
        if known == "response_format":
            if (format_ := _format(value)) is not None:
                yield known, format_
        elif known == "reasoning_summary":
            if value is not None:
                yield known, True
        else:
            yield known or f"{group}.{name}", value


def _format(value: object) -> Mapping[str, Any] | None:
    """The format as `response_format` says it; None for plain text."""
    fields = object_or_empty(value)
    if fields.get("type") == "json_object":
        return response_format(Format())
    if fields.get("type") != "json_schema":
        return None
    strict = fields.get("strict")
    schema = object_or_empty(fields.get("schema"))
    return response_format(
        Format(
            schema,
            str(fields.get("name") or "response"),
            str(fields.get("description") or ""),
            strict if isinstance(strict, bool) else None,
        )
    )
