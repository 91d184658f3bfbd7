import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.openai_chat.read_request import read_request
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.parts import Image, Media, Part, Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import ChatRequest, Message, Tool, ToolChoice
from tests.unit.pipeline.dialects.openai_chat import json_values

USER = {"role": "user", "content": "hi"}
FUNCTION = {"name": "f", "arguments": '{"x":1}'}


def read(**fields: Any) -> ChatRequest:
    body = {"model": "m", "messages": [USER], **fields}
    return read_request(json.dumps(body, ensure_ascii=False).encode())


def parts_of(**message: Any) -> tuple[Part, ...]:
    return read(messages=[message]).messages[0].parts


def looked_at(body: bytes) -> ChatRequest:
    """The request, with all that is read lazily."""
    request = read_request(body)
    return replace(request, messages=list(request.messages), tools=list(request.tools))


def refusal(body: bytes) -> tuple[str | None, str]:
    with pytest.raises(BadRequest) as caught:
        looked_at(body)
    return caught.value.param, caught.value.message


@given(st.one_of(json_values.values, json_values.requests, json_values.requests))
def test_any_json_is_a_request_or_a_bad_one(value: Any) -> None:
    with suppress(BadRequest):
        request = looked_at(json.dumps(value).encode())
        assert value["model"] == request.model
        assert len(value["messages"]) == len(request.messages)
        assert len(value.get("tools") or []) == len(request.tools)


@given(st.binary())
def test_any_bytes_are_a_bad_request_or_json(body: bytes) -> None:
    try:
        json.loads(body)
    except ValueError:
        assert (None, True) == (refusal(body)[0], bool(refusal(body)[1]))
    else:
        assert refusal(body)[1]


def test_a_plain_request() -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0.5,"x":[1]}'
    request = read_request(body)
    assert ("m", False, True) == (request.model, request.stream, request.wants_usage)
    assert {"temperature": 0.5, "x": [1]} == request.params
    assert [Message("user", (Text("hi"),), origin=USER)] == list(request.messages)
    assert ([], None) == (list(request.tools), request.tool_choice)
    assert request.source is not None
    assert ("openai_chat", body) == (request.source.dialect, request.source.raw)


def test_max_completion_tokens_is_max_tokens_by_another_name() -> None:
    assert {"max_tokens": 7} == read(max_completion_tokens=7).params


@pytest.mark.parametrize(
    ("fields", "stream", "wants_usage"),
    [
        ({}, False, True),
        ({"stream": None}, False, True),
        ({"stream": True}, True, False),
        ({"stream": True, "stream_options": None}, True, False),
        ({"stream": True, "stream_options": {}}, True, False),
        ({"stream": True, "stream_options": {"include_usage": False}}, True, False),
        ({"stream": True, "stream_options": {"include_usage": True}}, True, True),
    ],
)
def test_who_gets_the_usage(*, fields: dict[str, Any], stream: bool, wants_usage: bool) -> None:
    request = read(**fields)
    assert (stream, wants_usage) == (request.stream, request.wants_usage)
    assert {} == request.params


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
CACHED = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}
PLAIN = {"type": "text", "text": "b"}
CALL = {"id": "1", "function": FUNCTION}
RESULT = {"role": "tool", "content": "4", "tool_call_id": "1"}
MARKED_RESULT = {"role": "tool", "content": [CACHED, PLAIN]}
OLD_RESULT = {"role": "function", "name": "f", "content": "4"}
CUSTOM = {"id": "c", "type": "custom", "custom": {"name": "g", "input": "x"}}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"role": "user", "content": ""}, (Text(""),)),
        (
            {"role": "user", "content": [CACHED, IMAGE]},
            (
                Text("a", CACHED, "short"),
                Image(Media("image/png", data="AA=="), origin=IMAGE),
            ),
        ),
        ({"role": "assistant", "content": None}, ()),
        ({"role": "assistant", "content": []}, ()),
        ({"role": "assistant"}, ()),
        (
            {
                "role": "assistant",
                "content": "a",
                "tool_calls": [CALL],
            },
            (Text("a"), ToolCall("1", "f", '{"x":1}', origin=CALL)),
        ),
        ({"role": "assistant", "tool_calls": None}, ()),
        (
            {"role": "assistant", "tool_calls": [CUSTOM]},
            (ToolCall("c", "g", "x", custom=True, origin=CUSTOM),),
        ),
        (RESULT, (ToolResult("1", (Text("4"),), origin=RESULT),)),
        (
            MARKED_RESULT,
            (ToolResult("", (Text("a", CACHED, "short"), Text("b", PLAIN)), origin=MARKED_RESULT),),
        ),
        (OLD_RESULT, (ToolResult("f", (Text("4"),), origin=OLD_RESULT),)),
    ],
)
def test_what_a_message_holds(message: dict[str, Any], expected: tuple[Part, ...]) -> None:
    assert expected == parts_of(**message)


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant", "tool"])
def test_a_role_is_kept(role: str) -> None:
    assert role == read(messages=[{"role": role, "content": "a"}]).messages[0].role


def test_the_old_role_function_is_tool() -> None:
    assert "tool" == read(messages=[{"role": "function", "content": "a"}]).messages[0].role


def test_arguments_that_came_as_an_object_are_json_text() -> None:
    call = {"id": "1", "function": {"name": "f", "arguments": {"x": "y"}}}
    (part,) = parts_of(role="assistant", tool_calls=[call])
    assert isinstance(part, ToolCall)
    assert {"x": "y"} == json.loads(part.arguments)


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        ({"type": "function", "function": {"name": "f"}}, Tool("f")),
        ({"function": {"name": "f", "parameters": {"a": 1}}}, Tool("f", {"a": 1})),
        ({"type": "custom", "custom": {"name": "g", "format": {}}}, Tool("g", custom=True)),
        ({"type": "web_search"}, Tool("web_search", hosted=True)),
    ],
)
def test_what_a_tool_is(tool: dict[str, Any], expected: Tool) -> None:
    assert [replace(expected, origin=tool)] == list(read(tools=[tool]).tools)


ALLOWED = [
    {"type": "function", "function": {"name": "f"}},
    {"type": "custom", "custom": {"name": "g"}},
    {"type": "mcp"},
]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", ToolChoice("auto")),
        ("none", ToolChoice("none")),
        ("required", ToolChoice("required")),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice("required", ("f",))),
        ({"type": "custom", "custom": {"name": "g"}}, ToolChoice("required", ("g",))),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}},
            ToolChoice("auto"),
        ),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": ALLOWED}},
            ToolChoice("required", ("f", "g")),
        ),
        (None, None),
        (5, None),
    ],
)
def test_the_choice_of_a_tool(choice: object, expected: ToolChoice | None) -> None:
    assert expected == read(tool_choice=choice).tool_choice


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b'{"model":"\xff"}', b"NaN"])
def test_a_body_that_is_no_json(body: bytes) -> None:
    assert refusal(body)[1].startswith("the request's body is not valid JSON: ")


@pytest.mark.parametrize("body", [b"[]", b"5", b"null", b'"a"'])
def test_a_body_that_is_no_object(body: bytes) -> None:
    assert (None, "the request's body must be an object") == refusal(body)


ROLES = "assistant, developer, function, system, tool, user"
ODD_CALL = {"role": "assistant", "tool_calls": [{"type": "function"}]}


@pytest.mark.parametrize(
    ("fields", "param", "message"),
    [
        ({"model": ""}, "model", "model must be a non-empty string"),
        ({"messages": None}, "messages", "messages must be a list"),
        ({"messages": []}, "messages", "messages must not be empty"),
        ({"messages": [USER, 5]}, "messages[1]", "messages[1] must be an object"),
        (
            {"messages": [{"role": "robot"}]},
            "messages[0].role",
            f"messages[0].role must be one of {ROLES}",
        ),
        (
            {"messages": [{"role": "user", "content": 5}]},
            "messages[0].content",
            "messages[0].content must be a string or a list of parts",
        ),
        (
            {"messages": [{"role": "user", "content": ["a"]}]},
            "messages[0].content[0]",
            "messages[0].content[0] must be an object",
        ),
        (
            {"messages": [{"role": "user", "content": [IMAGE, {"type": "text"}]}]},
            "messages[0].content[1].text",
            "messages[0].content[1].text must be a string",
        ),
        (
            {"messages": [ODD_CALL]},
            "messages[0].tool_calls[0].function",
            "messages[0].tool_calls[0].function must be an object",
        ),
        ({"stream": "yes"}, "stream", "stream must be true or false"),
        (
            {"stream": True, "stream_options": True},
            "stream_options",
            "stream_options must be an object",
        ),
        ({"temperature": "1"}, "temperature", "temperature must be a number"),
        ({"temperature": True}, "temperature", "temperature must be a number"),
        ({"max_tokens": 1.5}, "max_tokens", "max_tokens must be a whole number"),
        (
            {"max_completion_tokens": "7"},
            "max_completion_tokens",
            "max_completion_tokens must be a whole number",
        ),
        ({"n": True}, "n", "n must be a whole number"),
        ({"tools": {}}, "tools", "tools must be a list"),
        ({"tools": ["f"]}, "tools[0]", "tools[0] must be an object"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], param: str, message: str) -> None:
    body = json.dumps({"model": "m", "messages": [USER], **fields}).encode()
    assert (param, message) == refusal(body)


def test_a_wrong_part_anywhere_is_the_clients_fault() -> None:
    with pytest.raises(BadRequest) as raised:
        read(messages=[{"role": "user", "content": ["no part"]}, USER])
    assert "messages[0].content[0]" == raised.value.param
