import json
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.gemini.read_answer import read_whole
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    Opaque,
    ReasoningState,
    Start,
    TextDelta,
    ToolCallStart,
)
from llm_proxy.pipeline.parts import Seal
from tests.unit.pipeline.dialects.gemini.bodies import bare, chunk, data, streamed

START = Start("r1", "g-1", 0)


def whole(answer: object) -> list[Event]:
    return bare(read_whole(json.dumps(answer).encode(), "g"))


def of_kind(events: list[Event], kind: type[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in of_kind(events, TextDelta))


def test_calls_without_ids_get_different_ones() -> None:
    calls = [{"functionCall": {"name": "f"}}, {"functionCall": {"name": "f"}}]
    starts = of_kind(whole(chunk(*calls, reason="STOP")), ToolCallStart)
    assert [0, 1] == [start.index for start in starts]
    assert starts[0].id != starts[1].id
    assert all(start.id.startswith("call_") and len(start.id) == 29 for start in starts)


def test_a_signature_on_a_thought_keeps_the_thought() -> None:
    part = {"text": "hm", "thought": True, "thoughtSignature": "QQ"}
    block = {"thoughtSignature": "QQ", "thought": True, "text": "hm"}
    assert ReasoningState(Seal("gemini", block, "g")) in whole(chunk(part, reason="STOP"))


@pytest.mark.parametrize("reason", ["SAFETY", "MAX_TOKENS"])
@pytest.mark.parametrize(
    "content", [{}, {"content": {}}, {"content": None}, {"content": {"role": "model"}}]
)
def test_a_candidate_without_content(content: dict[str, Any], reason: str) -> None:
    answer = {"candidates": [{"finishReason": reason, **content}], "responseId": "r1"}
    assert 1 == len(of_kind(whole(answer), Finish))
    assert 1 == len(of_kind(streamed([data(answer)]), Finish))


def test_a_blocked_prompt_is_an_answer() -> None:
    answer = {
        "promptFeedback": {"blockReason": "SAFETY"},
        "modelVersion": "g-1",
        "responseId": "r1",
    }
    assert [START, Finish("content_filter"), End()] == whole(answer)
    assert [START, Finish("content_filter"), End()] == bare(streamed([data(answer)]))


def test_further_candidates_are_not_read() -> None:
    answer = chunk({"text": "a"}, reason="STOP")
    answer["candidates"].insert(0, {"index": 1, "content": {"parts": [{"text": "no"}]}})
    assert "a" == text_of(whole(answer))


def test_what_this_proxy_does_not_know_is_named() -> None:
    parts = [{"inlineData": {"mimeType": "image/png", "data": "AA"}}, {"executableCode": {}}]
    answer = chunk(*parts, reason="STOP")
    answer["candidates"][0]["groundingMetadata"] = {"webSearchQueries": []}
    told = [event.content for event in of_kind(whole(answer), Opaque)]
    assert ["inlineData", "executableCode", "groundingMetadata"] == told


def test_a_call_too_deep_to_be_written_fails() -> None:
    deep: Any = {}
    for _ in range(300):
        deep = {"a": deep}
    call = {"functionCall": {"name": "f", "args": deep}}
    assert isinstance(streamed([data(chunk(call, reason="STOP"))])[-1], Failure)
