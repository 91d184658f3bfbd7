from typing import Any

import pytest

from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    Media,
    OpaquePart,
    Reasoning,
    Text,
)
from tests.unit.pipeline.dialects.gemini.bodies import USER, read


def parts(*raw: Any, role: str = "model") -> Any:
    message = read({"contents": [USER, {"role": role, "parts": list(raw)}]}).messages[1]
    return [strip(part) for part in message.parts]


def strip(part: Any) -> Any:
    return type(part)(
        **{
            name: getattr(part, name)
            for name in part.__slots__
            if name != "origin" or isinstance(part, OpaquePart)
        }
    )


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ({"text": "a"}, Text("a")),
        ({"text": "hm", "thought": True}, Reasoning("hm")),
        (
            {"inlineData": {"mimeType": "image/png", "data": "_-8"}},
            Image(Media("image/png", "/+8=")),
        ),
        (
            {"inline_data": {"mime_type": "image/jpg", "data": "AA=="}},
            Image(Media("image/jpeg", "AA==")),
        ),
        ({"inlineData": {"mimeType": "audio/wav", "data": ""}}, Audio(Media("audio/wav", ""))),
        (
            {"inlineData": {"mimeType": "application/pdf", "data": "JVBE", "displayName": "a.pdf"}},
            Document(Media("application/pdf", "JVBE"), "a.pdf"),
        ),
        (
            {"fileData": {"mimeType": "image/png", "fileUri": "https://x/a.png"}},
            Image(Media("image/png", url="https://x/a.png")),
        ),
        (
            {"file_data": {"mime_type": "image/png", "file_uri": "gs://b/a"}},
            Image(Media("image/png", file_id="gs://b/a")),
        ),
        (
            {"inlineData": {"mimeType": "video/mp4", "data": ""}},
            OpaquePart({"inlineData": {"mimeType": "video/mp4", "data": ""}}, "video"),
        ),
        (
            {"executableCode": {"code": "1"}},
            OpaquePart({"executableCode": {"code": "1"}}, "executableCode"),
        ),
        ({}, OpaquePart({}, "part")),
    ],
)
def test_parts(raw: Any, part: Any) -> None:
    assert [part] == parts(raw, role="user")
