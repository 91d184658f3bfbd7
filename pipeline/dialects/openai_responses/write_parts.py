"""Parts of a turn → their JSON in an item's content."""

from collections.abc import Mapping, Sequence
from typing import Any

from llm_proxy.pipeline.dialects.media import data_url
from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    OpaquePart,
    Part,
    Refusal,
    Text,
)

Json = Mapping[str, Any]

FILE_NAME = "document.pdf"
"""OpenAI takes no nameless file."""

_SAID: Json = {"type": "output_text", "annotations": []}
_ASKED: Json = {"type": "input_text"}

_FORMATS = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav"}


def written_content(parts: Sequence[Part], *, said: bool) -> str | list[Json]:
    """A content: a plain string where the parts are nothing but text the proxy may join. `said`
    by the assistant, texts have another name."""
    if all(isinstance(part, Text) and part.origin is None for part in parts):
        return "".join(part.text for part in parts if isinstance(part, Text))
    return [written for part in parts if (written := written_part(part, said=said))]


def written_part(  # noqa: PLR0911 - an arm for each kind
    part: Part, *, said: bool = False
) -> Json | None:
    """A part of a content; None for one that does not belong there."""
    match part:
        case Text(text, origin):
            return {**(origin or (_SAID if said else _ASKED)), "text": text}
        case Refusal(text, origin):
            return {**(origin or {}), "type": "refusal", "refusal": text}
        case OpaquePart(origin):
            return origin
        case Image() | Document() | Audio() if part.origin is not None:
            return part.origin
        case Image(media, detail):
            place = {"file_id": media.file_id} if media.file_id else {"image_url": data_url(media)}
            return {"type": "input_image", **place, "detail": detail or "auto"}
        case Document():
            return _file(part)
        case Audio(media):
            kind = media.type.rpartition("/")[2]
            audio = {"data": media.data, "format": _FORMATS.get(kind, kind)}
            return {"type": "input_audio", "input_audio": audio}
        case _:
            return None


def _file(document: Document) -> Json:
    media = document.media
    if media.file_id:
        return {"type": "input_file", "file_id": media.file_id}
    if media.url:
        return {"type": "input_file", "file_url": media.url}
    name = document.name or FILE_NAME
    return {"type": "input_file", "filename": name, "file_data": data_url(media)}
