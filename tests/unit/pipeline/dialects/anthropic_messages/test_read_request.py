import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.anthropic_messages import AnthropicMessages
from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.dialects.anthropic_messages.read_request import read_request
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.parts import Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import Tool, ToolChoice
from tests.unit.pipeline.dialects.anthropic_messages.bodies import FIELDS, USER, read
from tests.unit.pipeline.dialects.openai_chat import json_values as some

DATA = base64.b64encode(b"x").decode()

kinds = st.sampled_from(
    ["text", "image", "document", "search_result", "tool_use", "tool_result", "thinking", "x"]
)
sources = st.fixed_dictionaries(
    {"type": some.perhaps(st.sampled_from(["base64", "text", "url", "file", "content"]))},
    optional={
        name: some.perhaps(st.just(DATA)) for name in ("data", "url", "file_id", "media_type")
    },
)
blocks = st.fixed_dictionaries(
    {"type": some.perhaps(kinds)},
    optional={
        **{name: some.perhaps(some.texts) for name in ("text", "thinking", "signature", "title")},
        **{name: some.perhaps(some.texts) for name in ("id", "name", "tool_use_id", "data")},
        **dict.fromkeys(("input", "content", "cache_control", "is_error"), some.values),
        "source": some.perhaps(sources),
    },
)
contents = some.perhaps(st.one_of(some.texts, st.lists(some.perhaps(blocks), max_size=3)))
messages = st.fixed_dictionaries(
    {
        "role": some.perhaps(st.sampled_from(["user", "assistant", "system"])),
        "content": contents,
    },
)
SETTINGS = ("thinking", "output_config", "metadata", "stop_sequences", "service_tier", "x")
MORE = ("temperature", "top_k", "stream", "tools", "tool_choice", "output_format")
bodies = st.fixed_dictionaries(
    {
        "model": some.perhaps(st.just("m")),
        "max_tokens": some.perhaps(st.just(5)),
        "messages": some.perhaps(st.lists(messages, max_size=3)),
    },
    optional={"system": contents, **dict.fromkeys((*SETTINGS, *MORE), some.values)},
)


@given(bodies)
def test_any_body_is_read_or_refused(body: Any) -> None:
    with suppress(BadRequest):
        read_request(json.dumps(body).encode())


@given(st.binary(max_size=20))
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_request(body)


def test_the_system_field_is_a_turn_without_a_role_in_its_origin() -> None:
    request = read(system=[{"type": "text", "text": "S"}], messages=[USER])
    system, user = request.messages
    assert ("system", "S", {"system": [{"type": "text", "text": "S"}]}) == (
        system.role,
        system.text,
        system.origin,
    )
    assert ("user", (Text("hi"),), USER) == (user.role, user.parts, user.origin)
    assert ("S",) == tuple(m.text for m in read(system="S").messages if m.role == "system")


def test_every_role_is_a_turn_of_its_own() -> None:
    said = [{"role": role, "content": "a"} for role in ("user", "system", "assistant", "user")]
    assert [m["role"] for m in said] == [message.role for message in read(messages=said).messages]


def test_calls_and_their_results() -> None:
    call = {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}
    result = {"type": "tool_result", "tool_use_id": "a", "content": "R", "is_error": True}
    said = [USER, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    _, asked, given_back = read(messages=said).messages
    assert (ToolCall("a", "f", '{"x":1}', origin=call),) == asked.parts
    assert (ToolResult("a", (Text("R"),), is_error=True, origin=result),) == given_back.parts


def test_tools_of_ours_and_of_the_vendor() -> None:
    schema = {"type": "object", "properties": {}}
    own = {"name": "f", "input_schema": schema, "strict": True, "description": "d"}
    custom = {"name": "g", "type": "custom", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    served = {"type": "web_search_20260101", "name": "web_search"}
    toolset = {"type": "mcp_toolset"}
    assert (
        Tool("f", schema, "d", strict=True, origin=own),
        Tool("g", origin=custom, cache="long"),
        Tool("web_search", hosted=True, origin=served),
        Tool("mcp_toolset", hosted=True, origin=toolset),
    ) == read(tools=[own, custom, served, toolset]).tools


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, ToolChoice("auto")),
        ({"type": "any"}, ToolChoice("required")),
        ({"type": "none"}, ToolChoice("none")),
        ({"type": "tool", "name": "f"}, ToolChoice("required", ("f",))),
        ({"type": "tool"}, None),
        ({"type": ["x"]}, None),
        (None, None),
    ],
)
def test_tool_choices(choice: Any, expected: ToolChoice | None) -> None:
    assert expected == read(tool_choice=choice).tool_choice


def test_the_source_is_what_was_read() -> None:
    request = read(stream=True, x_unknown=1)
    assert request.source is not None
    assert NAME == request.source.dialect
    assert request.messages is request.source.messages
    assert request.params is request.source.params
    assert (True, True, False) == (request.stream, request.wants_usage, request.counts_only)
    assert 1 == request.params["x_unknown"]


def test_a_count_needs_no_limit_and_streams_nothing() -> None:
    body = json.dumps({"model": "m", "messages": [USER], "stream": True}).encode()
    request = AnthropicMessages().read_request(body, counts_only=True)
    assert (True, False) == (request.counts_only, request.stream)
    with pytest.raises(BadRequest) as raised:
        read_request(body)
    assert "max_tokens" == raised.value.param


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ""}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": ["x"]}, "messages[0]"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [1]}]}, "messages[0].content[0]"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "a"}]}]},
            "messages[0].content[0].name",
        ),
        ({"system": 1}, "system"),
        ({"stream": 1}, "stream"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"temperature": "x"}, "temperature"),
        ({"stop_sequences": "x"}, "stop_sequences"),
        ({"stop_sequences": [1]}, "stop_sequences[0]"),
        ({"thinking": "on"}, "thinking"),
        ({"metadata": []}, "metadata"),
        ({"output_config": 1}, "output_config"),
        ({"tools": {}}, "tools"),
        ({"tools": [1]}, "tools[0]"),
        ({"tools": [{"name": "f", "input_schema": 1}]}, "tools[0].input_schema"),
        ({"tool_choice": "auto"}, "tool_choice"),
    ],
)
def test_what_is_at_fault_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as raised:
        read(**fields)
    assert param == raised.value.param


def test_a_limit_of_nothing_is_a_limit() -> None:
    assert 0 == read_request(json.dumps({**FIELDS, "max_tokens": 0}).encode()).params["max_tokens"]
