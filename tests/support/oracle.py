"""What goes upstream, judged by the vendors' own SDKs: their types, with nothing beside them."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import orjson
from anthropic.types import message_count_tokens_params, message_create_params
from google.genai import types as gemini
from openai.types.chat import completion_create_params
from openai.types.responses import input_token_count_params, response_create_params
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from tests.support.vendor import Received

_STRICT = ConfigDict(extra="forbid")

_TYPES: dict[str, Any] = {
    "openai_chat": completion_create_params.CompletionCreateParams,
    "openai_responses": response_create_params.ResponseCreateParams,
    "openai_responses/count": input_token_count_params.InputTokenCountParams,
    "anthropic_messages": message_create_params.MessageCreateParams,
    "anthropic_messages/count": message_count_tokens_params.MessageCountTokensParams,
}

_GEMINI: dict[str, Any] = {
    "contents": list[gemini.Content],
    "systemInstruction": gemini.Content,
    "generationConfig": gemini.GenerationConfig,
    "tools": list[gemini.Tool],
    "toolConfig": gemini.ToolConfig,
    "safetySettings": list[gemini.SafetySetting],
    "cachedContent": str,
    "serviceTier": str,
    "store": bool,
    "labels": dict[str, str],
    "model": str,
}


def check_body(dialect: str, body: bytes) -> None:
    """Raises `AssertionError` for a body that the SDK's types do not fit."""
    try:
        _check(dialect, body)
    except ValidationError as error:
        unknown = [d["loc"] for d in error.errors() if d["type"] == "extra_forbidden"]
        raise AssertionError(f"{dialect}: {(unknown or error.errors())[:3]}: {body!r}") from None


def _check(dialect: str, body: bytes) -> None:
    fields: Any = orjson.loads(body)
    if dialect == "gemini/count":
        fields = fields.get("generateContentRequest", fields)
    if dialect.startswith("gemini"):
        for name, value in fields.items():
            assert name in _GEMINI, f"Gemini has no field {name}"
            TypeAdapter(_GEMINI[name]).validate_python(value)
        return
    validated = _adapter(dialect).validate_python([fields])
    _look_at_all(validated)


@cache
def _adapter(dialect: str) -> TypeAdapter[Any]:
    # In a list, for the settings of a typed dictionary itself cannot be set from outside.
    return TypeAdapter(list[_TYPES[dialect]], config=_STRICT)


def _look_at_all(value: Any) -> None:
    """What the SDKs call iterable is validated only where it is looked at."""
    if isinstance(value, str | bytes):
        return
    if isinstance(value, BaseModel):  # the SDKs also take back what they handed out
        assert not value.model_extra, f"unknown fields {value.model_extra}"
        return
    if isinstance(value, Mapping):
        for inner in value.values():
            _look_at_all(inner)
    elif isinstance(value, list | tuple | Iterator):
        for inner in value:
            _look_at_all(inner)


def check_upstream(dialect: str, received: Received) -> None:
    """The same for a request as a vendor got it."""
    path = received.path.partition("?")[0]
    counts = path.endswith(("/count_tokens", "/input_tokens", ":countTokens"))
    check_body(f"{dialect}/count" if counts else dialect, received.body)
