from typing import Any

import pytest

from llm_proxy.pipeline.parts import (
    Image,
    Media,
    OpaquePart,
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
    ("response", "text"),
    [
        ({"output": "x"}, "x"),
        ({"result": "x"}, "x"),
        ({"output": {"a": 1}}, '{"a":1}'),
        ({"a": 1, "output": "x"}, '{"a":1,"output":"x"}'),
        ({}, ""),
        (None, ""),
    ],
)
def test_what_a_tool_gave_back(response: Any, text: str) -> None:
    (result,) = parts({"functionResponse": {"name": "f", "response": response}}, role="user")
    assert text == result.text


def test_a_picture_in_a_result() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
    raw = {"functionResponse": {"name": "f", "response": {"output": "x"}, "parts": [picture]}}
    (result,) = parts(raw, role="user")
    assert [Text("x"), Image(Media("image/png", "AA=="), origin=picture)] == list(result.parts)
