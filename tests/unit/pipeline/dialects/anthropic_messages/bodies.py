"""Requests of this dialect, and what the vendor's SDK says to those we write."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from anthropic.types.message_create_params import MessageCreateParams
from pydantic import TypeAdapter

from llm_proxy.pipeline.dialects.anthropic_messages.read_request import read_request
from llm_proxy.pipeline.dialects.anthropic_messages.write_request import write_request
from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.dialects.openai_chat.read_request import read_request as read_chat
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.traits import Traits

MAKER = "us"
USER = {"role": "user", "content": "hi"}
FIELDS: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": [USER]}

_OLD = ("temperature", "top_p", "top_k")
"""Fields of the API's older version alone, which the SDK types no more."""

_PARAMS: TypeAdapter[Any] = TypeAdapter(MessageCreateParams)


def read(**fields: Any) -> ChatRequest:
    """A request of a client of this dialect."""
    return read_request(json.dumps({**FIELDS, **fields}).encode())


def chat(*messages: Mapping[str, Any], **fields: Any) -> ChatRequest:
    """A request of a client of another dialect."""
    said = messages or ({"role": "user", "content": "hi"},)
    return read_chat(json.dumps({"model": "m", "messages": said, **fields}).encode())


def to(model: str = "m", **traits: Any) -> Recipient:
    return Recipient(model, MAKER, Traits(**traits))


def written(request: ChatRequest, recipient: Recipient | None = None) -> Written:
    return write_request(request, recipient or to())


def sent(request: ChatRequest, **traits: Any) -> Any:
    """The body for a vendor."""
    return orjson.loads(write_request(request, to(**traits)).body)


def official(request: ChatRequest, **traits: Any) -> Any:
    """The body for a vendor, which is all as the SDK types it: no field more, none of a wrong
    type."""
    body = sent(request, **traits)
    typed = {name: value for name, value in body.items() if name not in _OLD}
    assert typed == _exhausted(_PARAMS.validate_python(typed))
    return body


def _exhausted(value: Any) -> Any:
    """Iterables are validated as they are read."""
    if isinstance(value, Mapping):
        return {name: _exhausted(item) for name, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_exhausted(item) for item in value]
    return value
