import json
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.gemini.read_answer import read_whole
from llm_proxy.pipeline.events import (
    Event,
    Usage,
)
from tests.unit.pipeline.dialects.gemini.bodies import bare, chunk


def whole(answer: object) -> list[Event]:
    return bare(read_whole(json.dumps(answer).encode(), "g"))


def of_kind(events: list[Event], kind: type[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        (
            {
                "promptTokenCount": 5,
                "candidatesTokenCount": 3,
                "thoughtsTokenCount": 2,
                "totalTokenCount": 10,
            },
            Usage(5, 5, 0, 2),
        ),
        (
            {
                "promptTokenCount": 5,
                "candidatesTokenCount": 3,
                "thoughtsTokenCount": 2,
                "totalTokenCount": 8,
            },
            Usage(5, 3, 0, 2),
        ),
        (
            {"promptTokenCount": 5, "toolUsePromptTokenCount": 7, "cachedContentTokenCount": 4},
            Usage(12, 0, 4),
        ),
        ({"prompt_token_count": 5}, Usage(5, 0)),
        (
            {"promptTokenCount": "x", "candidatesTokenCount": -1, "thoughtsTokenCount": True},
            Usage(0, 0),
        ),
    ],
)
def test_counts(counts: dict[str, Any], usage: Usage) -> None:
    assert [usage] == of_kind(
        whole(chunk({"text": "a"}, reason="STOP", usageMetadata=counts)), Usage
    )
