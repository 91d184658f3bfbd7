"""`functionResponse` → what a tool gave back."""

from typing import Any

import orjson

from llm_proxy.pipeline.dialects.gemini.read_media import read_media
from llm_proxy.pipeline.dialects.gemini.wire_names import Fields
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.json_values import object_or_empty, objects_in
from llm_proxy.pipeline.parts import Document, Image, OpaquePart, ResultPart, Text

OUTPUT, ERROR = "output", "error"

_SAID = (OUTPUT, ERROR, "result")
"""Keys under which a whole result stands."""


def read_result(fields: Fields, where: str) -> tuple[tuple[ResultPart, ...], bool]:
    """The result's parts, and whether it is an error."""
    response = object_or_empty(fields.get("response"))
    parts: list[ResultPart] = []
    if response:
        parts.append(Text(_text(response, where)))
    for raw in objects_in(fields.get("parts")):
        media = read_media(raw)
        if isinstance(media, Image | Document):
            parts.append(media)
        else:
            parts.append(OpaquePart(raw, "part of a result"))
    return tuple(parts), set(response) == {ERROR}


def said_under(response: Fields) -> str | None:
    """The key under which the whole result stands; None where the object itself is it."""
    key = next(iter(response), None)
    return key if key in _SAID and len(response) == 1 else None


def _text(response: Fields, where: str) -> str:
    key = said_under(response)
    value = response if key is None else response[key]
    return value if isinstance(value, str) else json_text(value, f"{where}.response")


def json_text(value: Any, where: str) -> str:
    """JSON text of what was read; raises `BadRequest` where it is too deep to be written."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:
        raise BadRequest(f"{where} cannot be read: {error}", param=where) from error
