from typing import Any

import pytest

from llm_proxy.pipeline.dialects.openai_responses.read_parts import read_content, read_output
from llm_proxy.pipeline.parts import Audio, Document, Image, Media, OpaquePart, Refusal, Text

PNG = "data:image/PNG;charset=x;BASE64,iVBO"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "input_text", "text": "a"}, Text("a")),
        ({"type": "output_text", "text": "a", "annotations": []}, Text("a")),
        (
            {"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}},
            Text("a", cache="short"),
        ),
        (
            {"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"ttl": "12h"}},
            Text("a", cache="long"),
        ),
        ({"type": "refusal", "refusal": "no"}, Refusal("no")),
        ({"type": "input_image", "image_url": PNG}, Image(Media("image/png", "iVBO"))),
        (
            {"type": "input_image", "image_url": "https://x", "detail": "high"},
            Image(Media(url="https://x"), "high"),
        ),
        ({"type": "input_image", "file_id": "f"}, Image(Media(file_id="f"))),
        (
            {
                "type": "input_file",
                "filename": "a.pdf",
                "file_data": "data:application/pdf;base64,QQ==",
            },
            Document(Media("application/pdf", "QQ=="), "a.pdf"),
        ),
        ({"type": "input_file", "file_url": "https://x"}, Document(Media(url="https://x"))),
        ({"type": "input_file", "file_id": "f"}, Document(Media(file_id="f"))),
        (
            {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "mp3"}},
            Audio(Media("audio/mp3", "QQ==")),
        ),
        ({"type": "odd"}, OpaquePart({"type": "odd"}, "odd")),
    ],
)
def test_a_part(part: dict[str, Any], expected: Any) -> None:
    (read,) = read_content([part], "x")
    fields = {name: getattr(read, name) for name in read.__slots__ if name != "origin"}
    assert fields == {name: getattr(expected, name) for name in fields}
    assert part == read.origin


def test_no_result_of_a_tool_is_lost() -> None:
    audio = {"type": "input_audio", "input_audio": {}}
    assert (OpaquePart(audio, "audio"),) == read_output([audio], "x")
    assert (OpaquePart({"a": 1}, "output"),) == read_output({"a": 1}, "x")
