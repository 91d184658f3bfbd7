"""Requests of other dialects, as the vendor takes them: all but the turns."""

import json
from dataclasses import replace
from typing import Any

import pytest
from google.genai import types

from llm_proxy.pipeline.dialects.dialect import Recipient
from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.dialects.openai_chat import OpenAIChat
from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import ChatRequest, Message, Tool, ToolChoice
from llm_proxy.pipeline.traits import Traits
from tests.unit.pipeline.dialects.gemini.bodies import TO, asked, sent, to_model

HI = Message("user", (Text("hi"),))
SCHEMA = {"$schema": "x", "type": "object", "properties": {"$schema": {"type": "string"}}}
CLEANED = {"type": "object", "properties": {"$schema": {"type": "string"}}}


def chat(**fields: Any) -> ChatRequest:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}
    return OpenAIChat().read_request(json.dumps(body).encode())


def config(request: ChatRequest, to: Recipient = TO) -> Any:
    return sent(request, to).get("generationConfig", {})


def losses(request: ChatRequest, to: Recipient = TO) -> tuple[str, ...]:
    return Gemini().write_request(request, to).losses


def test_the_vendors_own_types_take_the_whole_request() -> None:
    request = chat(
        messages=[
            {"role": "system", "content": "S"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Q"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "w", "arguments": '{"c":1}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "18C"},
        ],
        max_completion_tokens=900,
        reasoning_effort="high",
        temperature=0.5,
        top_p=0.5,
        stop="x",
        seed=1,
        tools=[{"type": "function", "function": {"name": "w", "parameters": SCHEMA}}],
        tool_choice={"type": "function", "function": {"name": "w"}},
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}},
    )
    body = sent(request, to_model(thinking="level"))
    assert {"text": "S"} == body["systemInstruction"]["parts"][0]
    generation = types.GenerationConfig.model_validate(body["generationConfig"])
    assert (900, ["x"], 1) == (
        generation.max_output_tokens,
        generation.stop_sequences,
        generation.seed,
    )
    assert CLEANED == generation.response_json_schema
    contents = [
        types.Content.model_validate_json(json.dumps(content)) for content in body["contents"]
    ]
    assert ["user", "model", "user"] == [content.role for content in contents]
    (tool,) = [types.Tool.model_validate(tool) for tool in body["tools"]]
    assert CLEANED == (tool.function_declarations or [])[0].parameters_json_schema
    choice = types.ToolConfig.model_validate(body["toolConfig"]).function_calling_config
    assert choice is not None
    assert ["w"] == choice.allowed_function_names
    assert {"contents", "systemInstruction", "generationConfig", "tools", "toolConfig"} == set(body)


@pytest.mark.parametrize(
    ("params", "expected", "told"),
    [
        (
            {"temperature": 2, "top_p": 0.1, "top_k": 5},
            {"temperature": 2, "topP": 0.1, "topK": 5},
            (),
        ),
        ({"max_tokens": 9}, {"maxOutputTokens": 9}, ()),
        ({"max_completion_tokens": 9, "max_tokens": 5}, {"maxOutputTokens": 9}, ()),
        (
            {"stop": ["a"] * 6},
            {"stopSequences": ["a"] * 5},
            ("changed stop: the first 5 sequences",),
        ),
        ({"stop": "a"}, {"stopSequences": ["a"]}, ()),
        ({"seed": 0}, {"seed": 0}, ()),
        (
            {"presence_penalty": 1, "frequency_penalty": 0},
            {"presencePenalty": 1, "frequencyPenalty": 0},
            (),
        ),
        ({"n": 1}, {}, ()),
        ({"user": "u"}, {}, ("dropped user",)),
        ({"metadata": {"a": "b"}}, {}, ("dropped metadata",)),
        ({"logit_bias": {"1": 2}}, {}, ("dropped logit_bias",)),
        ({"verbosity": "low"}, {}, ("dropped verbosity",)),
        (
            {"response_format": {"type": "json_object"}},
            {"responseMimeType": "application/json"},
            (),
        ),
        ({"response_format": {"type": "text"}}, {}, ()),
    ],
)
def test_settings(params: dict[str, Any], expected: dict[str, Any], told: tuple[str, ...]) -> None:
    assert expected == config(chat(**params))
    assert told == losses(chat(**params))


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True, "top_logprobs": 2}, "logprobs"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"previous_response_id": "r"}, "previous_response_id"),
        ({"audio": {"voice": "x"}}, "audio"),
    ],
)
def test_what_must_not_be_left_out_is_refused(params: dict[str, Any], field: str) -> None:
    with pytest.raises(Untranslatable) as raised:
        sent(chat(**params))
    assert field == raised.value.param


def test_penalties_that_the_model_refuses_go() -> None:
    request = chat(presence_penalty=1, frequency_penalty=0)
    assert {} == config(request, to_model(penalties=False))
    assert ("dropped presence_penalty",) == losses(request, to_model(penalties=False))


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        ("default", "standard"),
        ("flex", "flex"),
        ("priority", "priority"),
        ("auto", None),
        ("scale", None),
    ],
)
def test_service_tiers(tier: str, expected: str | None) -> None:
    assert expected == sent(chat(service_tier=tier)).get("serviceTier")
    assert (("dropped service_tier",) if tier == "scale" else ()) == losses(chat(service_tier=tier))


def test_whether_it_is_stored_is_told() -> None:
    assert sent(chat(store=False))["store"] is False


def test_a_format_that_the_model_knows_only_in_words() -> None:
    request = chat(response_format={"type": "json_schema", "json_schema": {"schema": SCHEMA}})
    body = sent(request, to_model(structured="object"))
    assert {"responseMimeType": "application/json"} == body["generationConfig"]
    assert "JSON Schema" in body["systemInstruction"]["parts"][0]["text"]
    assert "generationConfig" not in sent(request, to_model(structured="none"))


def test_the_source_is_never_changed() -> None:
    tool = Tool("f", json.loads(json.dumps(SCHEMA)))
    request = asked(HI, tools=[tool])
    assert CLEANED == sent(request)["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"]
    assert SCHEMA == tool.parameters


def test_names_are_mapped_and_told() -> None:
    tools = [Tool("ok.name:x-y"), Tool("not ok"), Tool("9"), Tool("x" * 129)]
    written = Gemini().write_request(asked(HI, tools=tools), TO)
    (tool,) = json.loads(written.body)["tools"]
    names = [declared["name"] for declared in tool["functionDeclarations"]]
    assert "ok.name:x-y" == names[0]
    assert ["not ok", "9", "x" * 129] == [written.names[name] for name in names[1:]]


def test_a_custom_tool_is_a_function_of_one_string() -> None:
    tool = Tool("patch", custom=True, grammar={"syntax": "lark", "definition": "start: X"})
    written = Gemini().write_request(asked(HI, tools=[tool]), TO)
    (declared,) = json.loads(written.body)["tools"][0]["functionDeclarations"]
    assert "start: X" in declared["description"]
    assert ["input"] == declared["parametersJsonSchema"]["required"]
    assert {"patch"} == written.customs


def test_hosted_tools_go() -> None:
    request = asked(HI, tools=[Tool("web_search", hosted=True)], tool_choice=ToolChoice("auto"))
    assert {"contents"} == set(sent(request))
    assert ("dropped tool web_search",) == losses(request)
    with pytest.raises(Untranslatable):
        sent(replace(request, tool_choice=ToolChoice("required")))


def test_parallel_calls_cannot_be_forbidden() -> None:
    request = chat(
        parallel_tool_calls=False, tools=[{"type": "function", "function": {"name": "f"}}]
    )
    assert ("dropped parallel_tool_calls",) == losses(request)


def test_what_the_backend_and_its_rules_add() -> None:
    to = Recipient(
        "m", "g", Traits(extra_body={"generationConfig": {"topK": 1}, "labels": {"a": "b"}})
    )
    request = (
        chat(temperature=1)
        .with_param("generationConfig.speechConfig", {"x": 1})
        .with_param("safetySettings", [1])
    )
    body = sent(request, to)
    assert {"temperature": 1, "topK": 1, "speechConfig": {"x": 1}} == body["generationConfig"]
    assert ({"a": "b"}, [1]) == (body["labels"], body["safetySettings"])


def test_a_request_to_count() -> None:
    body = sent(replace(chat(), counts_only=True))
    assert {
        "generateContentRequest": {
            "model": "models/m",
            "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        }
    } == body
