"""`generationConfig` and the other settings of a request → `ChatRequest.params`."""

from collections.abc import Iterator
from typing import Any

from llm_proxy.pipeline.dialects.efforts import RISING
from llm_proxy.pipeline.dialects.gemini.json_schema import json_schema
from llm_proxy.pipeline.dialects.gemini.places import (
    FORMAT,
    GENERATION,
    GROUPS,
    STRUCTURE,
    TOP_LEVEL,
    tier_named,
)
from llm_proxy.pipeline.dialects.gemini.wire_names import Fields, get, in_camel
from llm_proxy.pipeline.dialects.request_fields import check_numbers, list_at, object_at, text_at
from llm_proxy.pipeline.dialects.structured import Format, response_format
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.json_values import is_object

_NUMBERS = ("temperature", "topP", "topK", "presencePenalty", "frequencyPenalty")
_INTEGERS = ("maxOutputTokens", "seed", "candidateCount", "logprobs")

JSON = "application/json"
_PLAIN = "text/plain"


def read_settings(body: Fields) -> dict[str, Any]:
    """Settings that every dialect knows by those names, any other by its name here."""
    params: dict[str, Any] = {}
    for name, value in in_camel(body).items():
        if name in TOP_LEVEL:
            is_tier = name == "serviceTier" and isinstance(value, str)
            params[TOP_LEVEL[name]] = tier_named(value) if is_tier else value
        elif name not in STRUCTURE:
            params[name] = value
    for group in GROUPS:
        value = get(body, group)
        fields = in_camel(object_at(value, group)) if value is not None else {}
        params |= _generation(fields) if group == "generationConfig" else {}
        params |= {f"{group}.{name}": value for name, value in _others(group, fields)}
    return params


def _others(group: str, fields: Fields) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if name == "functionCallingConfig" and group == "toolConfig":
            continue
        if group == "generationConfig" and (name in GENERATION or name == "thinkingConfig"):
            continue
        if name in FORMAT and (_asks_for_json(fields) or value == _PLAIN):
            continue
        yield name, value


def _generation(fields: Fields) -> dict[str, Any]:
    numbers = {name: _number(fields[name]) for name in (*_NUMBERS, *_INTEGERS) if name in fields}
    check_numbers(numbers, _NUMBERS, _INTEGERS)
    given = {**fields, **numbers}
    params = {GENERATION[name]: value for name, value in given.items() if name in GENERATION}
    if "stop" in params:
        where = "generationConfig.stopSequences"
        params["stop"] = [text_at(stop, where) for stop in list_at(params["stop"], where)]
    if _asks_for_json(fields):
        params["response_format"] = response_format(Format(_schema(fields)))
    return {**params, **_thinking(fields.get("thinkingConfig"))}


def _number(value: object) -> Any:
    """A number, which this JSON may write as a string; a whole one where nothing is lost."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _asks_for_json(fields: Fields) -> bool:
    return fields.get("responseMimeType") == JSON


def _schema(fields: Fields) -> Any:
    own = fields.get("responseJsonSchema")
    if is_object(own):
        return own
    subset = fields.get("responseSchema")
    return json_schema(subset) if is_object(subset) else None


def _thinking(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    fields = in_camel(object_at(value, "generationConfig.thinkingConfig"))
    params: dict[str, Any] = {}
    level, budget = fields.get("thinkingLevel"), _number(fields.get("thinkingBudget"))
    if isinstance(level, str) and level.lower() in RISING:
        params["reasoning_effort"] = level.lower()
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int)):
        raise BadRequest("thinkingBudget must be a whole number", param="thinkingBudget")
    if budget == 0:
        params["reasoning_effort"] = "none"
    elif budget is not None and budget > 0:
        params["reasoning_budget"] = budget
    if isinstance(shown := fields.get("includeThoughts"), bool):
        params["reasoning_summary"] = shown
    return params
