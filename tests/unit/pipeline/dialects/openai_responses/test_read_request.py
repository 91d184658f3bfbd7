import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.openai_responses.read_request import read_request
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import Message
from tests.unit.pipeline.dialects.openai_chat import json_values
from tests.unit.pipeline.dialects.openai_responses.wire import FIELDS, ITEMS, request


def test_a_bare_text_is_a_turn_of_the_user() -> None:
    (message,) = request().messages
    assert ("user", "hi") == (message.role, message.text)


def test_instructions_are_the_first_turn() -> None:
    system, *rest = request(instructions="be brief", input=ITEMS).messages
    assert Message("system", (Text("be brief"),), {"instructions": "be brief"}) == system
    assert ITEMS == [message.origin for message in rest]


def test_a_request_that_only_counts() -> None:
    read = read_request(json.dumps(FIELDS).encode(), counts_only=True)
    assert (True, False) == (read.counts_only, read.stream)


def test_what_is_continued_needs_no_input() -> None:
    assert () == read_request(b'{"model": "m", "previous_response_id": "r"}').messages


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"input": None}, "input"),
        ({"input": 1}, "input"),
        ({"instructions": 1}, "instructions"),
        ({"stream": 1}, "stream"),
        ({"max_output_tokens": "1"}, "max_output_tokens"),
        ({"temperature": "1"}, "temperature"),
        ({"input": ["x"]}, "input[0]"),
        ({"input": [{}]}, "input[0].type"),
        ({"input": [{"type": 1}]}, "input[0].type"),
        ({"input": [{"role": "tool"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 1}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": ["x"]}]}, "input[0].content[0]"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_text"}]}]},
            "input[0].content[0].text",
        ),
        ({"input": [{"type": "function_call_output", "output": 1}]}, "input[0].output"),
        ({"tools": 1}, "tools"),
        ({"tools": ["x"]}, "tools[0]"),
        ({"tools": [{"type": "namespace", "tools": [1]}]}, "tools[0].tools[0]"),
    ],
)
def test_a_field_at_fault_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        request(**fields)
    assert param == caught.value.param


values = json_values.values
kinds = st.sampled_from(
    [
        None,
        "message",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "reasoning",
        "item_reference",
    ]
)
parts = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["input_text", "input_image", "input_file", "input_audio", "refusal"]
        )
    },
    optional=dict.fromkeys(("text", "image_url", "file_data", "input_audio", "detail"), values),
)
items = st.fixed_dictionaries(
    {"type": kinds},
    optional={
        "role": st.one_of(st.sampled_from(["user", "assistant"]), values),
        "content": st.one_of(st.lists(parts, max_size=2), values),
        **dict.fromkeys(("output", "arguments", "input", "call_id", "name", "namespace"), values),
        **dict.fromkeys(("summary", "encrypted_content", "id"), values),
    },
)
tools = st.fixed_dictionaries(
    {"type": st.sampled_from(["function", "custom", "namespace", "web_search"])},
    optional=dict.fromkeys(("name", "parameters", "format", "tools", "strict"), values),
)
requests = st.fixed_dictionaries(
    {"model": st.just("m"), "input": st.one_of(st.lists(items, max_size=3), values)},
    optional={
        "tools": st.one_of(st.lists(tools, max_size=2), values),
        "tool_choice": st.one_of(tools, values),
        **dict.fromkeys(("reasoning", "text", "include", "user", "max_output_tokens"), values),
    },
)


@given(st.one_of(requests, values))
def test_garbage_is_refused_or_read(body: Any) -> None:
    with suppress(BadRequest):
        read_request(json.dumps(body).encode())
