"""Bytes inside JSON: data URLs, and the two alphabets of base64 (RFC 4648, 4 and 5; RFC 2397)."""

import base64
import re
from binascii import Error as Garbage
from urllib.parse import unquote_to_bytes

from llm_proxy.pipeline.parts import Document, Media

_DATA_URL = re.compile(r"data:([^;,]*)((?:;[^;,]*)*?)(;\s*base64\s*)?,", re.IGNORECASE)

_TO_STANDARD = str.maketrans("-_", "+/")

_SIGNATURES = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "JVBERi": "application/pdf",
}
"""How the base64 of some kinds of file begins."""

_SAME_TYPE = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg"}


def media_of_url(url: str, type_: str = "") -> Media:
    """What a URL holds or points to."""
    match = _DATA_URL.match(url)
    if match is None:
        return Media(type_, url=url)
    kind, data = media_type(match[1] or type_), url[match.end() :]
    if match[3] is None:
        return Media(kind, data=base64.b64encode(unquote_to_bytes(data)).decode())
    coded = unquote_to_bytes(data).decode("ascii", "replace") if "%" in data else data
    return Media(kind, data=standard_base64(coded))


def media_of_file_data(data: str) -> Media:
    """What the field `file_data` of OpenAI's APIs holds: a data URL, or base64 by itself."""
    is_url = data[:5].lower() == "data:"
    return media_of_url(data) if is_url else Media(data=standard_base64(data))


def data_url(media: Media) -> str:
    """The URL of what is there, be it far or in the URL itself."""
    if media.url is not None:
        return media.url
    data = media.data or ""
    kind = media_type(media.type) or sniffed_type(data) or "application/octet-stream"
    return f"data:{kind};base64,{data}"


def standard_base64(data: str) -> str:
    """Base64 of either alphabet, with or without padding, as the standard one with padding."""
    if any(space in data for space in " \r\n\t"):
        data = "".join(data.split())
    if "-" in data or "_" in data:
        data = data.translate(_TO_STANDARD)
    return data + "=" * (-len(data) % 4)


def media_type(type_: str) -> str:
    """A MIME type in its usual spelling."""
    type_ = type_.strip().lower()
    return _SAME_TYPE.get(type_, type_)


def sniffed_type(data: str) -> str:
    """The MIME type that base64 data itself tells, empty if it tells none."""
    return next((type_ for start, type_ in _SIGNATURES.items() if data.startswith(start)), "")


def document_text(document: Document) -> str:
    """A document of text alone as text under its name; empty for any other kind."""
    media = document.media
    if media.data is None or not media_type(media.type).startswith("text/"):
        return ""
    try:
        text = base64.b64decode(media.data).decode("utf-8", "replace")
    except Garbage:
        return ""
    return f"{document.name}:\n{text}" if document.name else text
