import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from google.genai import types

from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.dialects.seals import tag, untag
from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    ReasoningState,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from llm_proxy.pipeline.parts import Seal
from llm_proxy.pipeline.request import ChatRequest
from tests.unit.pipeline.dialects.gemini.bodies import chunks_in

REQUEST = ChatRequest("m", [])


THEIRS = Seal("anthropic_messages", {"signature": "s"}, "a")


def written(events: Iterable[Event]) -> bytes:
    writer = Gemini().write_stream(REQUEST)
    return b"".join(writer.write([event]) for event in events)


def parts_in(stream: bytes) -> list[Any]:
    chunks = chunks_in(stream)
    return [part for one in chunks for part in one["candidates"][0]["content"]["parts"]]


def test_a_refusal_is_text() -> None:
    assert [{"text": "no"}, {"text": ""}] == parts_in(
        written([RefusalDelta("no"), Finish("content_filter"), End()])
    )


@pytest.mark.parametrize(
    ("text", "args"), [("", {}), ("{", {"_raw": "{"}), ("[1]", {"_raw": "[1]"})]
)
def test_arguments_are_an_object(text: str, args: Any) -> None:
    events = [ToolCallStart(0, "c", "f"), ToolCallDelta(0, text), ToolCallEnd(0)]
    assert args == parts_in(written(events))[0]["functionCall"]["args"]


def test_the_text_of_a_custom_tool_is_its_input() -> None:
    events = [ToolCallStart(0, "c", "f", custom=True), ToolCallDelta(0, "x {"), ToolCallEnd(0)]
    assert {"input": "x {"} == parts_in(written(events))[0]["functionCall"]["args"]


def seals_on(part: Any) -> Any:
    return untag(base64.b64decode(part["thoughtSignature"]).decode())


def test_foreign_state_goes_on_the_next_text_or_call() -> None:
    call = [ToolCallStart(0, "c", "f"), ToolCallEnd(0)]
    (text, function) = parts_in(
        written([ReasoningState(THEIRS), TextDelta("a"), ReasoningState(THEIRS), *call])
    )
    assert "a" == text["text"]
    assert [THEIRS] == seals_on(text)
    assert [THEIRS] == seals_on(function)


def test_several_states_go_in_one_tag_and_without_a_part_in_the_last_chunk() -> None:
    events = [ReasoningState(THEIRS), ReasoningState(THEIRS), Finish("stop"), End()]
    (part,) = parts_in(written(events))
    assert "" == part["text"]
    assert [THEIRS, THEIRS] == seals_on(part)


def test_state_of_a_call_goes_on_that_call_alone() -> None:
    bound = replace(THEIRS, call="c2")
    calls = [
        ToolCallStart(0, "c1", "f"),
        ToolCallEnd(0),
        ToolCallStart(1, "c2", "f"),
        ToolCallEnd(1),
    ]
    first, second = parts_in(written([ReasoningState(bound), *calls]))
    assert "thoughtSignature" not in first
    assert [bound] == seals_on(second)


def test_this_dialects_own_state_is_written_as_it_was() -> None:
    of_call = Seal("gemini", {"thoughtSignature": "c2ln"}, "g", "c")
    of_text = Seal("gemini", {"thoughtSignature": "dGV4dA"}, "g")
    call = [ToolCallStart(0, "c", "f"), ToolCallEnd(0)]
    stream = written([ReasoningState(of_text), ReasoningState(of_call), *call])
    text, function = parts_in(stream)
    assert {"text": "", "thoughtSignature": "dGV4dA"} == text
    assert "c2ln" == function["thoughtSignature"]


def test_a_tag_survives_the_sdk() -> None:
    (part,) = parts_in(written([ReasoningState(THEIRS), TextDelta("a")]))
    kept = types.Part.model_validate_json(json.dumps(part))
    assert tag([THEIRS]).encode() == kept.thought_signature
