from typing import Any

import pytest

from tests.unit.pipeline.dialects.anthropic_messages.bodies import FIELDS, read, sent, written

BUDGET = {"type": "enabled", "budget_tokens": 4000}
ADAPTIVE = {"type": "adaptive", "display": "summarized"}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}}
FORMAT = {"type": "json_schema", "json_schema": {"schema": SCHEMA}}
HIGH = {"thinking": ADAPTIVE, "output_config": {"effort": "high"}}


def changed(name: str, value: Any, /, **fields: Any) -> Any:
    """What is sent where a stage has set one setting: only what is not as it was."""
    body = sent(read(**fields).with_param(name, value))
    assert not {**FIELDS, **fields}.keys() - body.keys() - {"thinking", "output_format"}
    return {key: v for key, v in body.items() if v != FIELDS.get(key)}


@pytest.mark.parametrize(
    ("name", "value", "fields", "expected"),
    [
        ("max_tokens", 7, {}, {"max_tokens": 7}),
        ("stop", ["x"], {"stop_sequences": ["y"]}, {"stop_sequences": ["x"]}),
        ("service_tier", "default", {}, {"service_tier": "standard_only"}),
        ("service_tier", "of_tomorrow", {}, {"service_tier": "of_tomorrow"}),
        ("user", "u", {}, {"metadata": {"user_id": "u"}}),
        ("user", "u", {"metadata": {"x": 1}}, {"metadata": {"x": 1, "user_id": "u"}}),
        ("speed", "fast", {}, {"speed": "fast"}),
        ("reasoning_effort", "high", {}, HIGH),
        ("reasoning_effort", "minimal", {}, {**HIGH, "output_config": {"effort": "low"}}),
        ("reasoning_effort", "none", {}, {"thinking": {"type": "disabled"}}),
        ("reasoning_effort", "high", {"thinking": BUDGET}, HIGH),
        (
            "reasoning_budget",
            9000,
            {"output_config": {"effort": "low", "x": 1}},
            {"thinking": ADAPTIVE, "output_config": {"effort": "high", "x": 1}},
        ),
        (
            "reasoning_summary",
            True,
            {"thinking": BUDGET},
            {"thinking": {**BUDGET, "display": "summarized"}},
        ),
        (
            "reasoning_summary",
            False,
            {"thinking": ADAPTIVE},
            {"thinking": {"type": "adaptive", "display": "omitted"}},
        ),
        (
            "output_config",
            {"x": 2},
            {"output_config": {"effort": "low", "x": 1}},
            {"output_config": {"effort": "low", "x": 2}},
        ),
    ],
)
def test_a_setting_goes_where_it_stands(
    name: str, value: Any, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert expected == changed(name, value, **fields)


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("stop", {"stop_sequences": ["x"]}, {}),
        ("user", {"metadata": {"user_id": "u"}}, {}),
        ("temperature", {"temperature": 1}, {}),
        ("reasoning_effort", {"thinking": {"type": "disabled"}}, {}),
        (
            "reasoning_effort",
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
            {"thinking": {"type": "adaptive"}},
        ),
        ("reasoning_budget", {"thinking": BUDGET}, {}),
        ("reasoning_summary", {"thinking": ADAPTIVE}, {"thinking": {"type": "adaptive"}}),
        (
            "response_format",
            {"output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}}},
            {"output_config": {"effort": "low"}},
        ),
        ("response_format", {"output_format": {"type": "json_schema", "schema": {}}}, {}),
    ],
)
def test_a_setting_that_is_taken_away(
    name: str, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert {**FIELDS, **expected} == sent(read(**fields).without_param(name))


def test_a_limit_is_due() -> None:
    request = read().without_param("max_tokens")
    assert 8192 == sent(request)["max_tokens"]
    assert 4096 == sent(request, max_output=4096)["max_tokens"]


def test_a_budget_is_written_for_those_that_know_nothing_else() -> None:
    request = read(max_tokens=20_000).with_param("reasoning_effort", "high")
    body = sent(request, thinking="budget")
    thinking = {"type": "enabled", "budget_tokens": 16384, "display": "summarized"}
    assert {**FIELDS, "max_tokens": 20_000, "thinking": thinking} == body


@pytest.mark.parametrize(
    ("limit", "budget"), [(4001, 4000), (4000, 2000), (1500, 1024), (1024, None)]
)
def test_a_lower_limit_lowers_the_budget(limit: int, budget: int | None) -> None:
    request = read(max_tokens=9000, thinking=BUDGET).with_param("max_tokens", limit)
    expected = budget and {**BUDGET, "budget_tokens": budget}
    assert expected == sent(request).get("thinking")
    assert (budget != 4000) == bool(written(request).losses)


def test_a_schema_is_closed_and_the_clients_own_stays_as_it_is() -> None:
    request = read(output_config={"effort": "low"}).with_param("response_format", FORMAT)
    config = sent(request)["output_config"]
    number = {"type": "integer", "description": '{"minimum":1}'}
    schema = {"type": "object", "properties": {"a": number}, "additionalProperties": False}
    assert {"effort": "low", "format": {"type": "json_schema", "schema": schema}} == config
    assert {"type": "integer", "minimum": 1} == SCHEMA["properties"]["a"]  # type: ignore[index]


def test_an_effort_and_a_format_are_set_at_once() -> None:
    request = read().with_param("response_format", FORMAT).with_param("reasoning_effort", "low")
    assert {"effort", "format"} == sent(request)["output_config"].keys()


def test_any_object_can_only_be_asked_for_in_words() -> None:
    request = written(read().with_param("response_format", {"type": "json_object"}))
    assert ("dropped response_format",) == request.losses
