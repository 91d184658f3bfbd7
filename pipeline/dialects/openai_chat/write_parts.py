"""Parts of a message → their JSON in a chat completion request."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.media import data_url
from llm_proxy.pipeline.dialects.openai_chat.tool_fragments import arguments_text
from llm_proxy.pipeline.json_values import object_or_empty
from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    OpaquePart,
    Part,
    Refusal,
    Text,
    ToolCall,
)

Json = Mapping[str, Any]

_FILE_NAME = "document.pdf"
"""OpenAI takes no nameless file."""


def written_part(part: Part) -> Json | None:  # noqa: PLR0911 - an arm for each kind
    """A part of the content; None for one that does not belong there."""
    match part:
        case Text(text, origin):
            return {**(origin or {}), "type": "text", "text": text}
        case Refusal(text, origin):
            return {**(origin or {}), "type": "refusal", "refusal": text}
        case OpaquePart(origin):
            return origin
        case Image() | Document() | Audio() if part.origin is not None:
            return part.origin
        case Image(media, detail):
            image = {"url": data_url(media)}
            return {"type": "image_url", "image_url": {**image, **_given("detail", detail)}}
        case Document(media, name):
            place = {"file_id": media.file_id} if media.file_id else {"file_data": data_url(media)}
            named = {} if media.file_id else {"filename": name or _FILE_NAME}
            return {"type": "file", "file": {**place, **named}}
        case Audio(media):
            kind = media.type.partition(";")[0].rpartition("/")[2]
            format_ = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav"}.get(kind, kind)
            return {"type": "input_audio", "input_audio": {"data": media.data, "format": format_}}
        case _:
            return None


def _given(name: str, value: str | None) -> dict[str, str]:
    return {} if value is None else {name: value}


def written_call(part: Part) -> Json:
    """A call, with the fields that the client's own form of it has beside ours."""
    if not isinstance(part, ToolCall):
        return part.origin or {}
    origin = part.origin or {}
    if part.custom:
        custom = {**object_or_empty(origin.get("custom")), "name": part.name}
        fields = {**custom, "input": part.arguments}
        return {**origin, "id": part.id, "type": "custom", "custom": fields}
    function = {**object_or_empty(origin.get("function")), "name": part.name}
    if part.arguments != _text_of(function.get("arguments")):
        function["arguments"] = part.arguments
    return {**origin, "id": part.id, "type": "function", "function": function}


def _text_of(arguments: object) -> str | None:
    return None if arguments is None else arguments_text(arguments)
