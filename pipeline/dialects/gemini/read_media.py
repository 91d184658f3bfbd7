"""`inlineData` and `fileData` → pictures, documents and recordings."""

from typing import Any

from llm_proxy.pipeline.dialects.gemini.wire_names import Fields, get
from llm_proxy.pipeline.dialects.media import media_type, standard_base64
from llm_proxy.pipeline.json_values import is_object
from llm_proxy.pipeline.parts import Audio, Document, Image, Media, OpaquePart

MediaPart = Image | Document | Audio | OpaquePart

_OWN_PLACES = ("gs://", "files/", "https://generativelanguage.googleapis.com/")
"""How the addresses of files begin that this vendor alone can reach."""


def is_own_place(url: str) -> bool:
    """Whether the address is of a file that was given to the vendor before."""
    return url.startswith(_OWN_PLACES)


def read_media(part: Fields) -> MediaPart | None:
    """The media in a part; None if there are none."""
    inline, file = get(part, "inlineData"), get(part, "fileData")
    if is_object(inline):
        data = inline.get("data")
        media = Media(_type_of(inline), data=standard_base64(data if isinstance(data, str) else ""))
        return _of_type(media, inline, part)
    if is_object(file) and isinstance(uri := get(file, "fileUri"), str):
        own = is_own_place(uri)
        media = Media(_type_of(file), url=None if own else uri, file_id=uri if own else None)
        return _of_type(media, file, part)
    return None


def _type_of(fields: Fields) -> str:
    value = get(fields, "mimeType")
    return media_type(value) if isinstance(value, str) else ""


def _of_type(media: Media, fields: Fields, origin: dict[str, Any] | Fields) -> MediaPart:
    match media.type.partition("/")[0]:
        case "image":
            return Image(media, origin=origin)
        case "audio":
            return Audio(media, origin=origin)
        case "video":
            return OpaquePart(origin, "video")
        case _:
            name = get(fields, "displayName")
            return Document(media, name if isinstance(name, str) and name else None, origin=origin)
