"""Requests as other dialects' clients make them, written for a vendor of this one."""

from collections.abc import Sequence
from typing import Any

import orjson

from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.dialects.openai_chat.write_request import write_request
from llm_proxy.pipeline.parts import Part, Text
from llm_proxy.pipeline.request import ChatRequest, Message, Role, Source, Tool, ToolChoice
from llm_proxy.pipeline.traits import Traits

OPENAI: dict[str, Any] = {
    "max_tokens_field": "max_completion_tokens",
    "most_stops": 4,
    "top_k": False,
    "openai_fields": True,
    "custom_tools": True,
    "min_output": 16,
}
"""The facts of a model of OpenAI's own."""

PLAIN = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
CLOSED = {**SCHEMA, "required": ["a"], "additionalProperties": False}

HI = Message("user", (Text("hi"),))


def said(role: Role, *parts: Part | str) -> Message:
    return Message(role, tuple(Text(p) if isinstance(p, str) else p for p in parts))


def asked(
    *messages: Message,
    tools: Sequence[Tool] = (),
    tool_choice: ToolChoice | None = None,
    stream: bool = False,
    dialect: str = "another",
    **params: Any,
) -> ChatRequest:
    talk = messages or (HI,)
    source = Source(dialect, b"{}", {}, talk, params, tools, tool_choice)
    return ChatRequest(
        "alias",
        talk,
        stream=stream,
        params=params,
        tools=tools,
        tool_choice=tool_choice,
        source=source,
    )


def write(request: ChatRequest, maker: str = "", **traits: Any) -> Written:
    return write_request(request, Recipient("m", maker, Traits(**traits)))


def body_of(request: ChatRequest, maker: str = "", **traits: Any) -> Any:
    return orjson.loads(write(request, maker, **traits).body)


def messages_of(*messages: Message, maker: str = "", **traits: Any) -> Any:
    return body_of(asked(*messages), maker, **traits)["messages"]


def settings_of(request: ChatRequest, **traits: Any) -> dict[str, Any]:
    body = body_of(request, **traits)
    return {name: value for name, value in body.items() if name not in PLAIN}


def asked_json(**fields: Any) -> ChatRequest:
    return asked(response_format={"type": "json_schema", "json_schema": fields})
