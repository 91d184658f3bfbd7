"""Parts of an item's content → the parts of a turn."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.media import media_of_file_data, media_of_url, standard_base64
from llm_proxy.pipeline.dialects.request_fields import object_at, text_at
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.json_values import is_list, is_object, object_or_empty
from llm_proxy.pipeline.parts import (
    Audio,
    CacheTtl,
    Document,
    Image,
    Media,
    OpaquePart,
    Part,
    Refusal,
    ResultPart,
    Text,
)

_TEXTS = ("input_text", "output_text", "text")


def read_content(content: object, where: str) -> tuple[Part, ...]:
    """The parts of a content, which may be a bare text, or absent in an unfinished turn."""
    if isinstance(content, str):
        return (Text(content),)
    if content is not None and not is_list(content):
        raise BadRequest(f"{where} must be a string or a list of parts", param=where)
    return tuple(_part(part, f"{where}[{n}]") for n, part in enumerate(content or []))


def read_output(output: object, where: str) -> tuple[ResultPart, ...]:
    """What a tool gave back; what else some servers put there is kept as it came."""
    if is_object(output):
        return (OpaquePart(output, str(output.get("type") or "output")),)
    return tuple(_result_part(part) for part in read_content(output, where))


def _result_part(part: Part) -> ResultPart:
    if isinstance(part, Text | Image | Document | OpaquePart):
        return part
    return OpaquePart(part.origin or {}, type(part).__name__.lower())


def _part(raw: object, where: str) -> Part:
    part = object_at(raw, where)
    kind = part.get("type")
    if kind in _TEXTS:
        return Text(text_at(part.get("text"), f"{where}.text"), part, _cache(part))
    match kind:
        case "refusal":
            return Refusal(str(part.get("refusal") or ""), part)
        case "input_image":
            return _image(part, where)
        case "input_file":
            return _file(part)
        case "input_audio":
            audio = object_or_empty(part.get("input_audio"))
            data = standard_base64(str(audio.get("data") or ""))
            return Audio(Media(f"audio/{audio.get('format') or 'wav'}", data=data), part)
        case _:
            return OpaquePart(part, str(kind or "part"))


def _image(part: Mapping[str, Any], where: str) -> Part:
    if file_id := part.get("file_id"):
        media = Media(file_id=str(file_id))
    else:
        media = media_of_url(text_at(part.get("image_url"), f"{where}.image_url"))
    detail = part.get("detail")
    return Image(media, detail if isinstance(detail, str) else None, part, _cache(part))


def _file(part: Mapping[str, Any]) -> Part:
    name = str(part.get("filename") or "") or None
    if file_id := part.get("file_id"):
        media = Media(file_id=str(file_id))
    elif url := part.get("file_url"):
        media = media_of_url(str(url))
    else:
        media = media_of_file_data(str(part.get("file_data") or ""))
    return Document(media, name, part, _cache(part))


def _cache(part: Mapping[str, Any]) -> CacheTtl | None:
    mark = part.get("prompt_cache_breakpoint")
    if not is_object(mark):
        return None
    return "long" if mark.get("ttl") == "12h" else "short"
