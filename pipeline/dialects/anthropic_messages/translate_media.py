"""Images and documents of other dialects, as vendors of this one take them."""

import base64
from dataclasses import replace

from llm_proxy.pipeline.dialects.media import media_type, sniffed_type
from llm_proxy.pipeline.dialects.settings import refuse
from llm_proxy.pipeline.parts import Document, Image, Media
from llm_proxy.pipeline.traits import Traits

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})

_TEXTS = frozenset({"application/json", "application/xml", "application/yaml"})
"""Types of text whose name does not tell."""

_FETCHED = ("http://", "https://")


def fitting_image(image: Image, traits: Traits) -> Image:
    """The image under its true type; raises `Untranslatable` for one that is not taken."""
    media = image.media
    if media.file_id is not None:
        raise refuse("image_url", "is a file that only its own vendor has")
    if media.url is not None:
        if not traits.image_urls or not media.url.startswith(_FETCHED):
            raise refuse("image_url", "is a place that this backend cannot fetch from")
        return image
    kind = _true_type(media)
    if kind not in _IMAGES:
        raise refuse("image_url", f"of the type {kind or 'unknown'} is not taken")
    return replace(image, media=Media(kind, data=media.data))


def fitting_document(document: Document) -> Document:
    """The document under its true type; raises `Untranslatable` for one that is not taken."""
    media = document.media
    if media.file_id is not None:
        raise refuse("file", "is one that only its own vendor has")
    if media.url is not None:
        if not media.url.startswith(_FETCHED):
            raise refuse("file", "is a place that this backend cannot fetch from")
        return document
    kind = _true_type(media).partition(";")[0].strip()
    if kind == "application/pdf":
        return replace(document, media=Media(kind, data=media.data))
    if kind.startswith("text/") or kind in _TEXTS:
        return replace(document, media=Media("text/plain", data=_checked(media.data or "")))
    raise refuse("file", f"of the type {kind or 'unknown'} is not taken")


def _true_type(media: Media) -> str:
    """The type that the data itself tells, for a vendor refuses one that does not fit."""
    return sniffed_type(media.data or "") or media_type(media.type)


def _checked(data: str) -> str:
    try:
        base64.b64decode(data)
    except ValueError:
        raise refuse("file", "is not valid base64") from None
    return data
