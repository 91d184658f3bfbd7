import json
from collections.abc import Mapping
from typing import Any

import pytest
from openai.types.responses.input_token_count_params import InputTokenCountParams
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from pydantic import ConfigDict, TypeAdapter, with_config

from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.dialects.openai_chat import OpenAIChat
from llm_proxy.pipeline.dialects.openai_responses.translate import translated
from llm_proxy.pipeline.dialects.openai_responses.write_request import write_request
from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.params import Effort
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import ChatRequest, Message, Source, Tool, ToolChoice
from llm_proxy.pipeline.traits import Traits

SCHEMA = {"type": "object", "properties": {"c": {"type": "integer"}}}
CLOSED = {**SCHEMA, "required": ["c"], "additionalProperties": False}
USER = Message("user", (Text("hi"),))


def asked(
    params: Mapping[str, Any] | None = None,
    tools: tuple[Tool, ...] = (),
    choice: ToolChoice | None = None,
    *,
    stream: bool = False,
    counts_only: bool = False,
) -> ChatRequest:
    params = params or {}
    source = Source("other", b"", {}, (USER,), params, tools, choice)
    return ChatRequest(
        "m",
        (USER,),
        stream=stream,
        counts_only=counts_only,
        params=params,
        tools=tools,
        tool_choice=choice,
        source=source,
    )


def write(request: ChatRequest, **traits: Any) -> Written:
    return write_request(request, Recipient("m", "v", Traits(**traits)))


def body(request: ChatRequest, **traits: Any) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(write(request, **traits).body)
    check(written, request)
    return written


def check(written: dict[str, Any], request: ChatRequest) -> None:
    """The SDK's own types take the body, and know each of its fields."""
    kind: Any = (
        ResponseCreateParamsStreaming if request.stream else ResponseCreateParamsNonStreaming
    )
    if request.counts_only:
        kind = InputTokenCountParams
    strict = with_config(ConfigDict(extra="forbid"))(kind)
    TypeAdapter(strict).validate_python(written)


BASE = {
    "model": "m",
    "input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
    "store": False,
    "include": ["reasoning.encrypted_content"],
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "n", "schema": CLOSED}}


@pytest.mark.parametrize(
    ("params", "traits", "more"),
    [
        ({}, {}, {}),
        ({"max_tokens": 900}, {}, {"max_output_tokens": 900}),
        ({"max_tokens": 1}, {}, {"max_output_tokens": 16}),
        ({"max_tokens": 1}, {"min_output": 20}, {"max_output_tokens": 20}),
        ({"temperature": 1.5, "top_p": 0.5}, {}, {"temperature": 1.5, "top_p": 0.5}),
        ({"temperature": 1.5}, {"sampling": "none"}, {}),
        ({"reasoning_effort": "high"}, {}, {"reasoning": {"effort": "high", "summary": "auto"}}),
        (
            {"reasoning_effort": "high", "reasoning_summary": False},
            {},
            {"reasoning": {"effort": "high"}},
        ),
        ({"reasoning_effort": "none"}, {}, {"reasoning": {"effort": "none"}}),
        (
            {"reasoning_effort": "max"},
            {"efforts": ["low"]},
            {"reasoning": {"effort": "low", "summary": "auto"}},
        ),
        ({"reasoning_budget": 8192}, {}, {"reasoning": {"effort": "medium", "summary": "auto"}}),
        ({"reasoning_summary": True}, {}, {"reasoning": {"summary": "auto"}}),
        ({"store": True}, {}, {"store": True}),
        ({"metadata": {"a": "b"}}, {}, {"metadata": {"a": "b"}}),
        ({"service_tier": "flex"}, {}, {"service_tier": "flex"}),
        ({"service_tier": "standard_only"}, {}, {"service_tier": "default"}),
        ({"prompt_cache_key": "k"}, {}, {"prompt_cache_key": "k"}),
        ({"user": "u"}, {}, {"safety_identifier": "u"}),
        ({"verbosity": "low"}, {}, {"text": {"verbosity": "low"}}),
        (
            {"response_format": {"type": "json_object"}},
            {},
            {"text": {"format": {"type": "json_object"}}},
        ),
        (
            {"response_format": FORMAT},
            {},
            {
                "text": {
                    "format": {"type": "json_schema", "name": "n", "schema": CLOSED, "strict": True}
                }
            },
        ),
    ],
)
def test_settings(params: Any, traits: Any, more: Any) -> None:
    assert {**BASE, **more} == body(asked(params), **traits)


def test_a_model_that_does_not_think_is_asked_for_no_state() -> None:
    written = write(asked({"reasoning_effort": "low"}), thinking="none")
    assert {name: BASE[name] for name in ("model", "input", "store")} == json.loads(written.body)
    assert ("dropped reasoning_effort",) == written.losses


def test_a_long_user_is_hashed() -> None:
    assert 64 == len(body(asked({"user": "u" * 150}))["safety_identifier"])


@pytest.mark.parametrize(
    "name", ["stop", "seed", "presence_penalty", "frequency_penalty", "logit_bias", "top_k"]
)
def test_what_cannot_be_said_is_dropped_aloud(name: str) -> None:
    request = asked({name: ["x"] if name == "stop" else 1})
    assert BASE == body(request)
    assert (f"dropped {name}",) == write(request).losses


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"cachedContent": "x"}, "cachedContent"),
    ],
)
def test_what_must_not_be_left_out_is_refused(params: Any, param: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        write(asked(params))
    assert param == caught.value.param


@pytest.mark.parametrize(
    ("tool", "strict"),
    [
        (Tool("f", SCHEMA), False),
        (Tool("f", SCHEMA, strict=True), False),
        (Tool("f", CLOSED, strict=True), True),
        (Tool("f", CLOSED), False),
    ],
)
def test_strict_is_always_said(tool: Tool, strict: bool) -> None:  # noqa: FBT001 - a row
    (written,) = body(asked(tools=(tool,)))["tools"]
    assert {
        "type": "function",
        "name": "f",
        "parameters": tool.parameters,
        "strict": strict,
    } == written


def test_a_tool_without_arguments_has_an_empty_schema() -> None:
    (written,) = body(asked(tools=(Tool("f"),)))["tools"]
    assert {"type": "object", "properties": {}} == written["parameters"]


GRAMMAR = {"syntax": "lark", "definition": "start: /x/"}


def test_custom_tools_are_native_or_functions() -> None:
    request = asked(
        tools=(Tool("p", custom=True, grammar=GRAMMAR),), choice=ToolChoice("required", ("p",))
    )
    native = body(request, custom_tools=True)
    assert [{"type": "custom", "name": "p", "format": {"type": "grammar", **GRAMMAR}}] == native[
        "tools"
    ]
    assert {"type": "custom", "name": "p"} == native["tool_choice"]
    function = body(request)
    assert "function" == function["tools"][0]["type"]
    assert {"type": "function", "name": "p"} == function["tool_choice"]
    assert {"p"} == write(request).customs


@pytest.mark.parametrize(
    ("choice", "wire"),
    [
        (ToolChoice("auto"), "auto"),
        (ToolChoice("none"), "none"),
        (ToolChoice("required"), "required"),
        (ToolChoice("required", ("f",)), {"type": "function", "name": "f"}),
        (
            ToolChoice("auto", ("f",)),
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        ),
    ],
)
def test_choices(choice: ToolChoice, wire: Any) -> None:
    assert wire == body(asked(tools=(Tool("f"),), choice=choice))["tool_choice"]


def test_a_choice_without_tools_goes() -> None:
    assert BASE == body(asked({"parallel_tool_calls": False}, choice=ToolChoice("auto")))


def test_a_long_name_is_replaced_and_can_be_restored() -> None:
    request = asked(tools=(Tool("a.b" * 40),), choice=ToolChoice("required", ("a.b" * 40,)))
    written = body(request)
    name = written["tools"][0]["name"]
    assert len(name) <= 64
    assert name == written["tool_choice"]["name"]
    assert {name: "a.b" * 40} == write(request).names


def test_parallel_calls() -> None:
    request = asked({"parallel_tool_calls": False}, tools=(Tool("f"),))
    assert body(request)["parallel_tool_calls"] is False


def test_a_count_holds_only_what_is_counted() -> None:
    everything = {"temperature": 1, "max_tokens": 9, "reasoning_effort": "low", "user": "u"}
    written = body(asked(everything, tools=(Tool("f"),), stream=True, counts_only=True))
    assert {"model", "input", "tools", "reasoning"} == set(written)


def test_stream() -> None:
    assert {**BASE, "stream": True} == body(asked(stream=True))


def test_what_the_operator_adds_is_there() -> None:
    request = asked().with_param("x_mine", 1)
    written = json.loads(write(request, extra_body={"truncation": "auto"}).body)
    assert {**BASE, "x_mine": 1, "truncation": "auto"} == written


def test_a_model_without_schemas_is_asked_in_words() -> None:
    written = body(asked({"response_format": FORMAT}), structured="object")
    assert {"type": "json_object"} == written["text"]["format"]
    assert "JSON Schema" in written["instructions"]


EFFORTS: tuple[Effort, ...] = ("minimal", "low", "medium", "high", "xhigh", "max")


@pytest.mark.parametrize("effort", EFFORTS)
def test_every_effort_is_known(effort: Effort) -> None:
    assert effort == body(asked({"reasoning_effort": effort}))["reasoning"]["effort"]


def test_a_chat_request() -> None:
    chat = {
        "model": "m",
        "max_completion_tokens": 900,
        "reasoning_effort": "high",
        "messages": [
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
        "tools": [{"type": "function", "function": {"name": "w", "parameters": SCHEMA}}],
    }
    request = OpenAIChat().read_request(json.dumps(chat).encode())
    assert {
        "model": "m",
        "max_output_tokens": 900,
        "reasoning": {"effort": "high", "summary": "auto"},
        "instructions": "S",
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "Q"},
                    {
                        "type": "input_image",
                        "image_url": "data:image/png;base64,iVBO",
                        "detail": "auto",
                    },
                ],
            },
            {"type": "function_call", "call_id": "call_1", "name": "w", "arguments": '{"c":1}'},
            {"type": "function_call_output", "call_id": "call_1", "output": "18C"},
        ],
        "tools": [{"type": "function", "name": "w", "parameters": SCHEMA, "strict": False}],
    } == body(request)


def test_the_body_can_be_had_before_its_bytes() -> None:
    fields, written = translated(asked(), Recipient("m"))
    assert BASE == fields
    assert b"x" == written(b"x").body
