"""A request to generate, or to count tokens → `ChatRequest`."""

from llm_proxy.pipeline.dialects.gemini.formats import NAME
from llm_proxy.pipeline.dialects.gemini.read_contents import read_messages
from llm_proxy.pipeline.dialects.gemini.read_settings import read_settings
from llm_proxy.pipeline.dialects.gemini.read_tools import read_tool_choice, read_tools
from llm_proxy.pipeline.dialects.gemini.wire_names import Fields, get
from llm_proxy.pipeline.dialects.request_fields import model_name, object_at, parsed_body
from llm_proxy.pipeline.request import ChatRequest, Source

COUNTED = "generateContentRequest"
"""The field of a request to count that holds all of what is to be counted."""


def read_request(body: bytes, *, model: str | None, stream: bool, counts_only: bool) -> ChatRequest:
    """Checks the shape that the proxy itself relies on; the rest is for the vendor to judge."""
    fields = parsed_body(body)
    asked = asked_in(fields, counts_only=counts_only)
    messages, params = read_messages(asked), read_settings(asked)
    tools, tool_choice = read_tools(asked), read_tool_choice(asked)
    return ChatRequest(
        model=model_name(model if model is not None else asked.get("model")),
        messages=messages,
        stream=stream,
        counts_only=counts_only,
        params=params,
        tools=tools,
        tool_choice=tool_choice,
        source=Source(NAME, body, fields, messages, params, tools, tool_choice),
    )


def asked_in(body: Fields, *, counts_only: bool) -> Fields:
    """The request itself: in the body, or in a field of one that only counts."""
    inner = get(body, COUNTED) if counts_only else None
    return body if inner is None else object_at(inner, COUNTED)
