"""A request for a response → `ChatRequest`."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_proxy.pipeline.dialects.openai_responses.formats import NAME
from llm_proxy.pipeline.dialects.openai_responses.read_item import read_item
from llm_proxy.pipeline.dialects.openai_responses.read_params import read_params
from llm_proxy.pipeline.dialects.openai_responses.read_tools import read_choice, read_tools
from llm_proxy.pipeline.dialects.request_fields import (
    check_numbers,
    flag,
    model_name,
    parsed_body,
    text_at,
)
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.json_values import is_list
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import ChatRequest, Message, Source

_NUMBERS = ("temperature", "top_p")
_INTEGERS = ("max_output_tokens", "max_tool_calls", "top_logprobs")

_WITHOUT_INPUT = ("previous_response_id", "conversation", "prompt")
"""What a request may continue or be made of instead of an input."""


def read_request(body: bytes, *, counts_only: bool = False) -> ChatRequest:
    """Checks the shape that the proxy itself relies on; the rest is for the vendor to judge."""
    fields = parsed_body(body)
    model = model_name(fields.get("model"))
    messages = (*_instructions(fields), *_input(fields))
    stream = flag(fields, "stream") and not counts_only
    check_numbers(fields, _NUMBERS, _INTEGERS)
    params, tools = read_params(fields), read_tools(fields.get("tools"))
    tool_choice = read_choice(fields.get("tool_choice"), tools)
    return ChatRequest(
        model=model,
        messages=messages,
        stream=stream,
        counts_only=counts_only,
        params=params,
        tools=tools,
        tool_choice=tool_choice,
        source=Source(NAME, body, fields, messages, params, tools, tool_choice),
    )


def _instructions(fields: Mapping[str, Any]) -> Iterator[Message]:
    """A leading system turn, whose origin is the field."""
    value = fields.get("instructions")
    if value is not None and (text := text_at(value, "instructions")):
        yield Message("system", (Text(text),), {"instructions": text})


def _input(fields: Mapping[str, Any]) -> Iterator[Message]:
    value = fields.get("input")
    if isinstance(value, str):
        yield Message("user", (Text(value),), {"role": "user", "content": value})
    elif is_list(value):
        yield from (read_item(item, index) for index, item in enumerate(value))
    elif value is not None or not any(fields.get(name) for name in _WITHOUT_INPUT):
        raise BadRequest("input must be a string or a list of items", param="input")
