from typing import Any

import pytest

from llm_proxy.pipeline.estimate import estimated_tokens
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
from llm_proxy.pipeline.request import ChatRequest, Message, Tool

FRAME = 4
MEDIA = 1000


def tokens(*parts: Part, **request: Any) -> int:
    """The tokens of one turn, without its frame."""
    return estimated_tokens(ChatRequest("m", [Message("user", parts)], **request)) - FRAME


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Text(""), 0),
        (Text("four"), 1),
        (Text("fives"), 2),
        (Text("é" * 4), 2),
        (Text("\ud800"), 1),
        (Refusal("four"), 1),
        (Reasoning("four"), 1),
        (ToolCall("id does not count", "four", '{"a":1.2}'), 4),
        (ToolResult("id", (Text("four"), Image(Media(url="u")))), 1 + MEDIA),
        (Image(Media(data="A" * 5000)), MEDIA),
        (Document(Media(data="A")), MEDIA),
        (Audio(Media(data="A")), MEDIA),
        (OpaquePart({"type": "x"}), 0),
    ],
)
def test_what_a_part_is_worth(part: Part, expected: int) -> None:
    assert expected == tokens(part)


def test_parts_are_added_before_they_are_rounded() -> None:
    assert 1 == tokens(Text("a"), Text("b"), Text("cd"))


def test_tools_count() -> None:
    assert 3 == tokens(tools=[Tool("four", {}, "ab"), Tool("", {})])


def test_every_turn_has_a_frame() -> None:
    assert 0 == estimated_tokens(ChatRequest("m", ()))
    assert 3 * FRAME == estimated_tokens(ChatRequest("m", [Message("user", ())] * 3))
