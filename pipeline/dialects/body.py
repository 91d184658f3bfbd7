"""The bytes of a request's body."""

from collections.abc import Mapping
from typing import Any

import orjson

from llm_proxy.pipeline.errors import BadRequest


def json_bytes(body: Mapping[str, Any]) -> bytes:
    """The body's bytes; a rule of the operator's may have put in what is no JSON."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise unwritable(error) from error


def json_text(value: object) -> str:
    """A piece of the client's body as JSON text; raises `BadRequest` for one that is too deep."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:
        raise unwritable(error) from error


def unwritable(error: Exception) -> BadRequest:
    """The error for what cannot be written as JSON: nested too deeply, mostly."""
    return BadRequest(f"the request cannot be written: {error}")
