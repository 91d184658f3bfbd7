import json
from dataclasses import replace
from typing import Any

import pytest

from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.parts import Reasoning, Seal, Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import ChatRequest, Message, Source
from tests.unit.pipeline.dialects.anthropic_messages.bodies import (
    chat,
    official,
    read,
    sent,
    written,
)
from tests.unit.pipeline.dialects.anthropic_messages.bodies import to as recipient

CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
ASKED = {"role": "user", "content": "q"}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
GIVEN = {"role": "tool", "tool_call_id": "a", "content": "R"}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}}
FORMAT = {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}
SEAL = Seal("anthropic_messages", {"type": "thinking", "thinking": "p", "signature": "E"}, "us")
BUDGET = {"type": "enabled", "budget_tokens": 16384, "display": "summarized"}
NO_FORCE = {"forced_tools_while_thinking": False}


def history(*messages: Message, **params: Any) -> ChatRequest:
    """A request of a client of some other dialect."""
    source = Source("other", b"", {}, messages, params, (), None)
    return ChatRequest("m", messages, params=params, source=source)


def settings(request: ChatRequest, **traits: Any) -> Any:
    """What is sent beside the conversation and the limit."""
    body = official(request, **traits)
    return {k: v for k, v in body.items() if k not in ("model", "messages", "max_tokens", "tools")}


def test_a_conversation_with_everything() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,iVBORw0KGgoA"}}
    request = chat(
        {"role": "system", "content": "S"},
        {"role": "user", "content": [{"type": "text", "text": "Q"}, image]},
        CALLED,
        GIVEN,
        tools=[TOOL],
        max_completion_tokens=900,
        reasoning_effort="high",
        stream=True,
        user="u",
    )
    data = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgoA"}
    call = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "a", "content": "R"}
    assert {
        "model": "m",
        "max_tokens": 900,
        "system": [{"type": "text", "text": "S"}],
        "messages": [
            {
                "role": "user",
                "content": [{"type": "text", "text": "Q"}, {"type": "image", "source": data}],
            },
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ],
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {"effort": "high"},
        "metadata": {"user_id": "u"},
        "stream": True,
    } == official(request)


@pytest.mark.parametrize(
    ("asked", "traits", "limit"),
    [
        ({}, {}, 8192),
        ({}, {"max_output": 4096}, 4096),
        ({}, {"max_output": 64000}, 32000),
        ({"max_tokens": 9}, {}, 9),
        ({"max_tokens": 0}, {"min_output": 16}, 0),
        ({"max_tokens": 9}, {"min_output": 16}, 16),
        ({"max_completion_tokens": 90_000}, {"max_output": 64000}, 64000),
        ({"reasoning_effort": "high"}, {"thinking": "budget"}, 16384 + 8192),
        ({"reasoning_effort": "high"}, {"thinking": "budget", "max_output": 20_000}, 20_000),
        ({"reasoning_effort": "high"}, {"thinking": "adaptive"}, 8192),
    ],
)
def test_a_limit_is_due(asked: dict[str, Any], traits: dict[str, Any], limit: int) -> None:
    assert limit == sent(chat(**asked), **traits)["max_tokens"]


@pytest.mark.parametrize(
    ("asked", "traits", "expected"),
    [
        ({"temperature": 1.5}, {}, {"temperature": 1}),
        ({"temperature": 0.5, "top_p": 0.5}, {}, {"temperature": 0.5}),
        ({"top_p": 0.5, "top_k": 3}, {}, {"top_p": 0.5, "top_k": 3}),
        (
            {"temperature": 0.5, "top_p": 0.5},
            {"sampling": "unit"},
            {"temperature": 0.5, "top_p": 0.5},
        ),
        ({"temperature": 0.5, "top_p": 0.5, "top_k": 3}, {"sampling": "none"}, {}),
        ({"stop": "x"}, {}, {"stop_sequences": ["x"]}),
        ({"stop": ["x", " ", "y"]}, {"most_stops": 1}, {"stop_sequences": ["x"]}),
        ({"stop": ["\n"]}, {}, {}),
        ({"safety_identifier": "u" * 150}, {}, {"metadata": {"user_id": "u" * 150}}),
        ({"service_tier": "default"}, {}, {"service_tier": "standard_only"}),
        ({"service_tier": "auto"}, {}, {"service_tier": "auto"}),
        ({"service_tier": "flex"}, {}, {}),
        ({"seed": 1, "presence_penalty": 1, "logit_bias": {"1": 2}, "verbosity": "low"}, {}, {}),
        ({"n": 1, "logprobs": False, "store": True, "metadata": {"a": "b"}}, {}, {}),
        ({"extra": 1}, {}, {}),
    ],
)
def test_settings(asked: dict[str, Any], traits: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == settings(chat(**asked), **traits)


@pytest.mark.parametrize(
    ("asked", "losses"),
    [
        ({"seed": 1}, ("dropped seed",)),
        ({"temperature": 1.5}, ("changed temperature: 1",)),
        ({"service_tier": "flex"}, ("dropped service_tier",)),
        ({"store": True, "parallel_tool_calls": True}, ()),
    ],
)
def test_what_is_lost_is_told(asked: dict[str, Any], losses: tuple[str, ...]) -> None:
    assert losses == written(chat(**asked)).losses


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"previous_response_id": "x"}, "previous_response_id"),
        ({"audio": {"voice": "x"}}, "audio"),
    ],
)
def test_what_must_not_be_left_out(asked: dict[str, Any], param: str) -> None:
    with pytest.raises(Untranslatable) as raised:
        sent(chat(**asked))
    assert param == raised.value.param


def test_what_the_operator_adds_is_in_the_vendors_words() -> None:
    request = chat(seed=1).with_param("speed", "fast")
    body = sent(request, extra_body={"inference_geo": "eu"})
    assert ("fast", "eu", False) == (body["speed"], body["inference_geo"], "seed" in body)


@pytest.mark.parametrize(
    ("effort", "traits", "expected"),
    [
        ("high", {"thinking": "none"}, {}),
        ("none", {"thinking": "none"}, {}),
        ("none", {"thinking": "adaptive"}, {"thinking": {"type": "disabled"}}),
        ("none", {"thinking": "budget"}, {"thinking": {"type": "disabled"}}),
        (
            "xhigh",
            {"efforts": ("low", "high")},
            {
                "thinking": {"type": "adaptive", "display": "summarized"},
                "output_config": {"effort": "high"},
            },
        ),
        (
            "none",
            {"can_stop_thinking": False},
            {
                "thinking": {"type": "adaptive", "display": "summarized"},
                "output_config": {"effort": "low"},
            },
        ),
        ("high", {"thinking": "budget"}, {"thinking": BUDGET}),
    ],
)
def test_efforts(effort: str, traits: dict[str, Any], expected: Any) -> None:
    assert expected == settings(chat(reasoning_effort=effort), **traits)


@pytest.mark.parametrize(
    ("effort", "limit", "budget"),
    [
        ("minimal", 9000, 1024),
        ("low", 9000, 2048),
        ("medium", 9000, 8192),
        ("medium", 8192, 4096),
        ("high", 1500, 1024),
        ("high", 1025, 1024),
        ("high", 1024, None),
        ("max", 40_000, 31999),
    ],
)
def test_budgets_are_below_the_limit(effort: str, limit: int, budget: int | None) -> None:
    body = official(chat(reasoning_effort=effort, max_tokens=limit), thinking="budget")
    assert budget == body.get("thinking", {}).get("budget_tokens")
    assert limit == body["max_tokens"]


def test_sampling_goes_where_the_model_thinks() -> None:
    request = chat(temperature=0.5, top_p=0.5, top_k=1, reasoning_effort="low")
    assert {"thinking", "output_config"} == settings(request).keys()
    assert {"dropped temperature", "dropped top_p", "dropped top_k"} == {*written(request).losses}


def test_a_rule_about_effort_stands_above_the_clients_budget() -> None:
    request = history(Message("user", (Text("q"),)), reasoning_budget=30_000)
    ruled = request.with_param("reasoning_effort", "low")
    thinking = sent(ruled, thinking="budget")["thinking"]
    assert 2048 == thinking["budget_tokens"]


def test_what_was_thought_is_not_shown_to_whom_does_not_want_it() -> None:
    message = Message("user", (Text("q"),))
    request = history(message, reasoning_effort="low", reasoning_summary=False)
    assert {"type": "adaptive"} == sent(request)["thinking"]
    always = history(message, reasoning_summary=True)
    expected = {"type": "adaptive", "display": "summarized"}
    assert expected == sent(always, can_stop_thinking=False)["thinking"]
    assert "thinking" not in sent(always)


def thinking_history(*seals: Seal | None) -> ChatRequest:
    """Turns that each think and call, with these seals."""
    messages = [Message("user", (Text("q"),))]
    for number, seal in enumerate(seals):
        thought = Reasoning(f"t{number}", seal)
        messages += [
            Message("assistant", (thought, ToolCall(f"c{number}", "f", "{}"))),
            Message("tool", (ToolResult(f"c{number}", (Text("R"),)),)),
        ]
    return history(*messages, reasoning_effort="high")


def kinds(body: Any) -> list[list[str]]:
    said = [message for message in body["messages"] if message["role"] == "assistant"]
    return [[block["type"] for block in message["content"]] for message in said]


def test_thoughts_go_back_to_their_maker() -> None:
    body = official(thinking_history(SEAL, SEAL), thinking="budget")
    assert [["thinking", "tool_use"]] * 2 == kinds(body)
    assert SEAL.block == body["messages"][1]["content"][0]
    assert "thinking" in body


@pytest.mark.parametrize("lost", [None, replace(SEAL, maker="other"), Seal("gemini", {}, "us")])
def test_thoughts_are_taken_from_the_front_only(lost: Seal | None) -> None:
    request = thinking_history(SEAL, lost, SEAL)
    assert [["tool_use"], ["tool_use"], ["thinking", "tool_use"]] == kinds(official(request))
    assert written(request).losses


def test_no_budget_where_the_last_calls_have_lost_their_thoughts() -> None:
    request = thinking_history(SEAL, None)
    body = official(request, thinking="budget")
    assert ("thinking" in body, body["max_tokens"]) == (False, 8192)
    assert any(
        loss.startswith("changed reasoning_effort")
        for loss in written(request, recipient(thinking="budget")).losses
    )
    assert {"type": "adaptive", "display": "summarized"} == official(request)["thinking"]


def test_a_forced_call_and_no_thinking() -> None:
    request = chat(tools=[TOOL], tool_choice="required", reasoning_effort="high")
    assert {"tool_choice": {"type": "any"}, "thinking": {"type": "disabled"}} == settings(
        request, **NO_FORCE
    )
    assert {"tool_choice": {"type": "any"}} == settings(request, **NO_FORCE, thinking="budget")
    assert "adaptive" == settings(request)["thinking"]["type"]


def test_a_model_that_always_thinks_is_not_forced() -> None:
    request = chat(tools=[TOOL], tool_choice="required", reasoning_effort="high")
    body = settings(request, **NO_FORCE, can_stop_thinking=False)
    assert ({"type": "auto"}, "adaptive") == (body["tool_choice"], body["thinking"]["type"])
    told = written(request, recipient(**NO_FORCE, can_stop_thinking=False)).losses
    assert ("changed tool_choice: auto",) == told


def test_a_schema_that_is_enforced() -> None:
    body = settings(chat(response_format=FORMAT, reasoning_effort="low"))
    text = {"type": "string", "description": '{"maxLength":3}'}
    schema = {"type": "object", "properties": {"a": text}, "additionalProperties": False}
    expected = {"effort": "low", "format": {"type": "json_schema", "schema": schema}}
    assert expected == body["output_config"]


def test_any_object_is_asked_for_in_words() -> None:
    request = chat(
        {"role": "system", "content": "S"}, ASKED, response_format={"type": "json_object"}
    )
    first, second = official(request)["system"]
    assert ("S", True) == (first["text"], "JSON object" in second["text"])


def test_a_schema_as_the_arguments_of_a_tool() -> None:
    request = chat(response_format=FORMAT)
    body = official(request, structured="none")
    (tool,) = body["tools"]
    assert ("json_output", SCHEMA) == (tool["name"], tool["input_schema"])
    assert {"type": "tool", "name": "json_output"} == body["tool_choice"]
    assert "system" not in body
    assert "json_output" == written(request, recipient(structured="none")).json_tool


def test_names_and_free_text_tools_are_known_when_the_answer_comes() -> None:
    custom = {"type": "custom", "custom": {"name": "g.x"}}
    told = written(chat(tools=[TOOL, custom]))
    (name,) = told.customs
    assert {name: "g.x"} == told.names
    assert name == json.loads(told.body)["tools"][1]["name"]


def test_a_count() -> None:
    request = chat(tools=[TOOL], reasoning_effort="low", temperature=1, stop=["x"], stream=True)
    body = sent(replace(request, counts_only=True), extra_body={"x": 1})
    counted = {"model", "messages", "tools", "thinking", "output_config"}
    assert counted == body.keys()


def test_a_request_without_a_source() -> None:
    request = ChatRequest("m", [Message("user", (Text("q"),))], params={"temperature": 0.5})
    assert 0.5 == sent(request)["temperature"]


def test_the_clients_own_dialect_is_not_translated() -> None:
    assert 1.5 == sent(read(temperature=1.5), sampling="none")["temperature"]


def test_what_a_stage_sets_fits_the_model_also_there() -> None:
    assert "temperature" not in sent(read().with_param("temperature", 1.5), sampling="none")
