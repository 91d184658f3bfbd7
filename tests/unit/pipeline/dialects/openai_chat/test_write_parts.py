from typing import Any

import pytest

from llm_proxy.pipeline.dialects.openai_chat.write_parts import written_call, written_part
from llm_proxy.pipeline.parts import (
    Audio,
    Document,
    Image,
    Media,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

ODD = {"type": "odd", "x": 1}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Text("b", {"type": "text", "text": "a", "x": 1}), {"type": "text", "text": "b", "x": 1}),
        (Refusal("b", {"type": "refusal", "x": 1}), {"type": "refusal", "refusal": "b", "x": 1}),
        (OpaquePart(ODD), ODD),
        (Image(Media(url="u"), origin=ODD), ODD),
        (Document(Media(file_id="f"), origin=ODD), ODD),
        (Audio(Media(data="AA"), origin=ODD), ODD),
        (Document(Media(file_id="f"), "a.pdf"), {"type": "file", "file": {"file_id": "f"}}),
        (Reasoning("hm"), None),
        (ToolCall("1", "f", "{}"), None),
        (ToolResult("1"), None),
    ],
)
def test_a_part(part: Part, expected: object) -> None:
    assert expected == written_part(part)


FUNCTION = {"name": "f", "arguments": '{"x":1}', "y": 2}


@pytest.mark.parametrize(
    ("origin", "call", "expected"),
    [
        (
            {"id": "1", "type": "function", "function": FUNCTION, "z": 3},
            {"name": "f", "arguments": '{"x":1}'},
            {"id": "1", "type": "function", "function": FUNCTION, "z": 3},
        ),
        (
            {"id": "1", "function": {"name": "f", "arguments": {"x": 1}}},
            {"name": "f", "arguments": '{"x":1}'},
            {"id": "1", "type": "function", "function": {"name": "f", "arguments": {"x": 1}}},
        ),
        (
            {"id": "1", "function": FUNCTION},
            {"name": "g", "arguments": "{}"},
            {"id": "1", "type": "function", "function": {"name": "g", "arguments": "{}", "y": 2}},
        ),
        (
            None,
            {"name": "f", "arguments": "{}"},
            {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        ),
        (
            {"type": "custom", "custom": {"name": "g", "input": "a", "y": 2}},
            {"name": "g", "arguments": "b", "custom": True},
            {"id": "1", "type": "custom", "custom": {"name": "g", "input": "b", "y": 2}},
        ),
    ],
)
def test_a_call_keeps_what_it_had_beside(origin: Any, call: dict[str, Any], expected: Any) -> None:
    assert expected == written_call(ToolCall("1", **call, origin=origin))


def test_a_call_of_an_unknown_kind_is_as_it_came() -> None:
    assert ODD == written_call(OpaquePart(ODD))
