import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.media import (
    data_url,
    document_text,
    media_of_file_data,
    media_of_url,
    media_type,
    sniffed_type,
    standard_base64,
)
from llm_proxy.pipeline.parts import Document, Media

PNG = "iVBORw0KGgoAAAANSUhEUg=="


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("data:image/png;base64,AAAA", Media("image/png", data="AAAA")),
        ("DATA:image/png;BASE64,AAAA", Media("image/png", data="AAAA")),
        ("data:image/png;charset=x;base64,AAAA", Media("image/png", data="AAAA")),
        ("data:image/png; base64,AAAA", Media("image/png", data="AAAA")),
        ("data:image/jpg;base64,AAAA", Media("image/jpeg", data="AAAA")),
        ("data:IMAGE/JPG;base64,AAAA", Media("image/jpeg", data="AAAA")),
        ("data:;base64,AAAA", Media("", data="AAAA")),
        ("data:image/png;base64,-_-_AA", Media("image/png", data="+/+/AA==")),
        ("data:image/png;base64,%2B%2FAA", Media("image/png", data="+/AA")),
        ("data:text/plain,a%20b", Media("text/plain", data="YSBi")),
        ("data:text/plain;charset=utf-8,a", Media("text/plain", data="YQ==")),
        ("https://x/a.png", Media(url="https://x/a.png")),
        ("http://x/?q=data:image/png;base64,A", Media(url="http://x/?q=data:image/png;base64,A")),
        ("data:nonsense", Media(url="data:nonsense")),
        ("", Media(url="")),
    ],
)
def test_what_a_url_holds(url: str, expected: Media) -> None:
    assert expected == media_of_url(url)


def test_the_type_beside_a_url_counts_where_the_url_tells_none() -> None:
    assert Media("image/png", url="https://x") == media_of_url("https://x", "image/png")
    assert Media("image/png", data="AAAA") == media_of_url("data:;base64,AAAA", "image/png")
    assert Media("image/gif", data="AAAA") == media_of_url(
        "data:image/gif;base64,AAAA", "image/png"
    )


@given(st.binary())
def test_both_alphabets_are_the_standard_one(data: bytes) -> None:
    standard, url_safe = (
        coded(data).decode() for coded in (base64.b64encode, base64.urlsafe_b64encode)
    )
    for text in (standard, url_safe, standard.rstrip("="), url_safe.rstrip("=")):
        assert standard == standard_base64(text)


def test_line_ends_inside_are_no_data() -> None:
    assert "AAAABBBB" == standard_base64(" AAAA\r\nBBBB\n")


@given(st.binary(min_size=1), st.sampled_from(["image/png", "application/pdf"]))
def test_a_data_url_gives_back_what_it_was_made_of(data: bytes, type_: str) -> None:
    media = Media(type_, data=base64.b64encode(data).decode())
    assert media == media_of_url(data_url(media))


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        (Media(url="https://x"), "https://x"),
        (Media("image/jpg", data="AAAA"), "data:image/jpeg;base64,AAAA"),
        (Media(data=PNG), f"data:image/png;base64,{PNG}"),
        (Media(data="AAAA"), "data:application/octet-stream;base64,AAAA"),
        (Media("image/png"), "data:image/png;base64,"),
    ],
)
def test_the_url_of_media(media: Media, expected: str) -> None:
    assert expected == data_url(media)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (PNG, "image/png"),
        ("/9j/4AAQ", "image/jpeg"),
        ("R0lGODlh", "image/gif"),
        ("JVBERi0xLjc=", "application/pdf"),
        ("UklGRgAAAABXRUJQ", "image/webp"),
        ("AAAA", ""),
        ("", ""),
    ],
)
def test_what_the_data_itself_tells(data: str, expected: str) -> None:
    assert expected == sniffed_type(data)


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("image/jpg", "image/jpeg"),
        (" Image/PNG ", "image/png"),
        ("image/pjpeg", "image/jpeg"),
        ("", ""),
    ],
)
def test_the_usual_spelling_of_a_type(type_: str, expected: str) -> None:
    assert expected == media_type(type_)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (Document(Media("text/plain", data="aMOk")), "hä"),
        (Document(Media("text/plain; charset=utf-8", data="YQ=="), "a.txt"), "a.txt:\na"),
        (Document(Media("TEXT/Markdown", data="YQ==")), "a"),
        (Document(Media("text/plain", data="/w==")), "\ufffd"),
        (Document(Media("text/plain", data="A")), ""),
        (Document(Media("application/pdf", data="YQ==")), ""),
        (Document(Media("text/plain", url="https://x")), ""),
    ],
)
def test_the_text_of_a_document(document: Document, expected: str) -> None:
    assert expected == document_text(document)


@pytest.mark.parametrize("scheme", ["data:", "DATA:"])
def test_file_data_is_a_data_url_or_base64_by_itself(scheme: str) -> None:
    expected = Media("application/pdf", data="JVBERi0=")
    assert media_of_file_data(f"{scheme}application/pdf;base64,JVBERi0") == expected
    assert media_of_file_data("JVBERi0") == Media(data="JVBERi0=")
