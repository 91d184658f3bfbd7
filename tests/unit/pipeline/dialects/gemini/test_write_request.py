"""Requests of a client of this dialect: what no stage touched leaves as it came."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.dialect import Recipient
from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import ChatRequest, Message
from tests.unit.pipeline.dialects.gemini.bodies import AGENT, TO, USER, read, sent
from tests.unit.pipeline.dialects.openai_chat import json_values


def with_text(request: ChatRequest, old: str, new: str) -> ChatRequest:
    """The request with one text changed, as a stage changes it."""
    messages = [
        message.with_parts(
            [
                replace(p, text=new) if isinstance(p, Text) and p.text == old else p
                for p in message.parts
            ]
        )
        if any(isinstance(p, Text) and p.text == old for p in message.parts)
        else message
        for message in request.messages
    ]
    return replace(request, messages=messages)


@given(
    st.sampled_from([None, 1]), st.dictionaries(json_values.texts, json_values.values, max_size=3)
)
def test_the_very_bytes_leave(indent: int | None, more: dict[str, Any]) -> None:
    unknown = {f"x_{name}": value for name, value in more.items()}
    raw = json.dumps({**AGENT, **unknown}, indent=indent).encode()
    request = Gemini().read_request(raw, model="x", stream=True)
    assert raw == Gemini().write_request(request, Recipient("another")).body
    assert raw == Gemini().write_request(replace(request, model="y", stream=False), TO).body


def test_a_changed_text_leaves_all_else_as_it_was() -> None:
    expected = json.loads(json.dumps(AGENT))
    expected["contents"][0]["parts"][1]["text"] = "changed"
    assert expected == sent(with_text(read(AGENT), "run echo", "changed"))


def test_a_changed_turn_keeps_its_other_parts_as_they_were() -> None:
    request = read(AGENT)
    touched = [message.with_parts(message.parts) for message in request.messages]
    assert AGENT == sent(replace(request, messages=touched))


INNER = {"model": "models/x", "contents": [USER], "x": 1}


def test_a_count_of_contents_alone() -> None:
    request = read({"contents": [USER]}, counts_only=True)
    assert {"contents": [USER]} == sent(request)
    told = sent(replace(request, messages=[Message("system", (Text("S"),)), *request.messages]))
    assert {
        "generateContentRequest": {
            "model": "models/m",
            "contents": [USER],
            "systemInstruction": {"parts": [{"text": "S"}]},
        }
    } == told


def test_a_count_of_a_request_names_the_model_that_is_asked() -> None:
    raw = json.dumps({"generateContentRequest": INNER}).encode()
    request = Gemini().read_request(raw, model="x", counts_only=True)
    assert raw == Gemini().write_request(request, Recipient("x")).body
    assert {"generateContentRequest": {**INNER, "model": "models/m"}} == sent(request)
