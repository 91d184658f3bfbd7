from collections.abc import Iterable
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    Start,
)
from llm_proxy.pipeline.request import ChatRequest
from tests.unit.pipeline.dialects.gemini.bodies import chunks_in

REQUEST = ChatRequest("m", [])


def written(events: Iterable[Event]) -> bytes:
    writer = Gemini().write_stream(REQUEST)
    return b"".join(writer.write([event]) for event in events)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("stop", "STOP"),
        ("length", "MAX_TOKENS"),
        ("context_full", "MAX_TOKENS"),
        ("tool_calls", "STOP"),
        ("content_filter", "SAFETY"),
        ("pause", "STOP"),
    ],
)
def test_reasons_to_stop(reason: Any, told: str) -> None:
    (last,) = chunks_in(written([Start("", "m", 0), Finish(reason), End()]))
    assert told == last["candidates"][0]["finishReason"]
    assert last["responseId"]
