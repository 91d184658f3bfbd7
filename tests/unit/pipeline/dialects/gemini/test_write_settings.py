from collections.abc import Callable
from typing import Any

import pytest

from llm_proxy.pipeline.request import ChatRequest
from tests.unit.pipeline.dialects.gemini.bodies import USER, read, sent, to_model

OLD = {
    "temperature": 1,
    "thinking_config": {"thinking_budget": 9000, "x": 1},
    "max_output_tokens": 5,
}
CONFIG = {"generationConfig": OLD}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda r: r.with_param("temperature", 0), {**OLD, "temperature": 0}),
        (lambda r: r.with_param("max_tokens", 7), {**OLD, "max_output_tokens": 7}),
        (
            lambda r: r.without_param("max_tokens"),
            {"temperature": 1, "thinking_config": {"thinking_budget": 9000, "x": 1}},
        ),
        (
            lambda r: r.with_param("reasoning_effort", "high"),
            {**OLD, "thinking_config": {"thinkingLevel": "HIGH", "x": 1}},
        ),
        (
            lambda r: r.with_param("reasoning_budget", 512),
            {**OLD, "thinking_config": {"thinkingLevel": "LOW", "x": 1}},
        ),
        (lambda r: r.without_param("reasoning_budget"), {**OLD, "thinking_config": {"x": 1}}),
        (lambda r: r.with_param("top_k", 3), {**OLD, "topK": 3}),
        (lambda r: r.with_param("generationConfig.speechConfig", 1), {**OLD, "speechConfig": 1}),
    ],
)
def test_a_changed_setting_goes_back_to_its_place(
    change: Callable[[ChatRequest], ChatRequest], expected: Any
) -> None:
    told = sent(change(read({"contents": [USER], **CONFIG, "x": 1})))
    assert {"contents": [USER], "generationConfig": expected, "x": 1} == told


def test_an_effort_is_a_budget_for_models_that_know_no_other() -> None:
    request = read({"contents": [USER], **CONFIG}).with_param("reasoning_effort", "none")
    told = sent(request, to_model(thinking="budget"))["generationConfig"]["thinking_config"]
    assert {"thinkingBudget": 0, "x": 1} == told


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("service_tier", "flex", {"service_tier": "flex"}),
        ("store", True, {"service_tier": "standard", "store": True}),
        ("safetySettings", [1], {"service_tier": "standard", "safetySettings": [1]}),
        ("user", "u", {"service_tier": "standard"}),
        (
            "response_format",
            {"type": "json_object"},
            {
                "service_tier": "standard",
                "generationConfig": {"responseMimeType": "application/json"},
            },
        ),
    ],
)
def test_settings_beside_the_generation_config(name: str, value: Any, expected: Any) -> None:
    request = read({"contents": [USER], "service_tier": "standard"}).with_param(name, value)
    assert {"contents": [USER], **expected} == sent(request)


def test_a_schema_replaces_the_old_one() -> None:
    old = {"responseMimeType": "application/json", "response_schema": {"type": "OBJECT"}}
    format_ = {
        "type": "json_schema",
        "json_schema": {"name": "n", "schema": {"$schema": "x", "type": "array"}},
    }
    request = read({"contents": [USER], "generationConfig": old}).with_param(
        "response_format", format_
    )
    expected = {"responseMimeType": "application/json", "responseJsonSchema": {"type": "array"}}
    assert expected == sent(request)["generationConfig"]
