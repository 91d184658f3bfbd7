import base64

import pytest

from llm_proxy.pipeline.dialects.anthropic_messages.translate_media import (
    fitting_document,
    fitting_image,
)
from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.parts import Document, Image, Media
from llm_proxy.pipeline.traits import Traits

PNG = "iVBORw0KGgoA"
TEXT = base64.b64encode(b"text").decode()


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        (Media("image/png", data=PNG), Media("image/png", data=PNG)),
        (Media("image/jpeg", data=PNG), Media("image/png", data=PNG)),
        (Media(data=PNG), Media("image/png", data=PNG)),
        (Media("image/JPG", data="AAAA"), Media("image/jpeg", data="AAAA")),
        (Media(url="https://x/y.svg"), Media(url="https://x/y.svg")),
    ],
)
def test_images_go_under_their_true_type(media: Media, expected: Media) -> None:
    assert Image(expected) == fitting_image(Image(media), Traits())


@pytest.mark.parametrize(
    "media",
    [
        Media("image/bmp", data="AAAA"),
        Media(data="AAAA"),
        Media("image/png", data="JVBERi0="),
        Media(file_id="f"),
        Media(url="data:image/png,raw"),
        Media(url="gs://x"),
    ],
)
def test_other_images_are_refused(media: Media) -> None:
    with pytest.raises(Untranslatable):
        fitting_image(Image(media), Traits())


def test_a_url_that_the_server_does_not_fetch_is_refused() -> None:
    with pytest.raises(Untranslatable):
        fitting_image(Image(Media(url="https://x")), Traits(image_urls=False))


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        (Media(data="JVBERi0="), Media("application/pdf", data="JVBERi0=")),
        (Media("text/markdown; charset=utf-8", data=TEXT), Media("text/plain", data=TEXT)),
        (Media("application/json", data=TEXT), Media("text/plain", data=TEXT)),
        (Media(url="https://x/y.pdf"), Media(url="https://x/y.pdf")),
    ],
)
def test_documents(media: Media, expected: Media) -> None:
    assert Document(expected, "n") == fitting_document(Document(media, "n"))


@pytest.mark.parametrize(
    "media",
    [
        Media("application/zip", data="AAAA"),
        Media(data="AAAA"),
        Media("text/plain", data="A"),
        Media(file_id="f"),
        Media(url="file:///etc/passwd"),
    ],
)
def test_other_documents_are_refused(media: Media) -> None:
    with pytest.raises(Untranslatable):
        fitting_document(Document(media))
