"""The settings of a Messages request → `ChatRequest.params`."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_proxy.pipeline.dialects.request_fields import (
    check_numbers,
    list_at,
    object_at,
    text_at,
)
from llm_proxy.pipeline.dialects.structured import Format, response_format
from llm_proxy.pipeline.json_values import is_object

Fields = Mapping[str, Any]

_NUMBERS = ("temperature", "top_p")
_INTEGERS = ("max_tokens", "top_k")

_READ_APART = frozenset(
    {
        *("model", "messages", "system", "stream", "tools", "tool_choice"),
        *("stop_sequences", "metadata", "service_tier", "thinking", "output_config"),
        "output_format",
    }
)

TIERS = {"standard_only": "default"}
"""Service tiers that have another name elsewhere."""


def read_settings(fields: Fields) -> dict[str, Any]:
    """Every setting by its hub name; raises `BadRequest` for one of the wrong type."""
    check_numbers(fields, _NUMBERS, _INTEGERS)
    params = {name: value for name, value in fields.items() if name not in _READ_APART}
    if (stops := fields.get("stop_sequences")) is not None:
        where = "stop_sequences"
        texts = enumerate(list_at(stops, where))
        params["stop"] = [text_at(text, f"{where}[{n}]") for n, text in texts]
    if (tier := fields.get("service_tier")) is not None:
        params["service_tier"] = TIERS.get(str(tier), tier)
    params |= _metadata(fields)
    params |= _output_config(fields)
    params |= _thinking(fields)
    if object_or_none(fields, "tool_choice").get("disable_parallel_tool_use") is True:
        params["parallel_tool_calls"] = False
    return params


def object_or_none(fields: Fields, name: str) -> Fields:
    """A field that is an object or absent; raises `BadRequest`."""
    value = fields.get(name)
    return {} if value is None else object_at(value, name)


def _metadata(fields: Fields) -> Iterator[tuple[str, Any]]:
    metadata = object_or_none(fields, "metadata")
    rest = {name: value for name, value in metadata.items() if name != "user_id"}
    if isinstance(user := metadata.get("user_id"), str):
        yield "user", user
    if rest:
        yield "metadata", rest


def _output_config(fields: Fields) -> Iterator[tuple[str, Any]]:
    config = object_or_none(fields, "output_config")
    if isinstance(effort := config.get("effort"), str):
        yield "reasoning_effort", effort
    asked = config.get("format") or fields.get("output_format")
    if is_object(asked) and is_object(schema := asked.get("schema")):
        yield "response_format", response_format(Format(schema))
    rest = {name: value for name, value in config.items() if name not in ("effort", "format")}
    if rest:
        yield "output_config", rest


def _thinking(fields: Fields) -> Iterator[tuple[str, Any]]:
    """Adaptive thinking says no more than the effort beside it."""
    thinking = object_or_none(fields, "thinking")
    budget, display = thinking.get("budget_tokens"), thinking.get("display")
    if thinking.get("type") == "disabled":
        yield "reasoning_effort", "none"
    elif thinking.get("type") == "enabled" and isinstance(budget, int):
        yield "reasoning_budget", budget
    if display in ("summarized", "omitted"):
        yield "reasoning_summary", display == "summarized"
