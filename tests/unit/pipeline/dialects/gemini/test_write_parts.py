import json
from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.dialects.gemini.signatures import tagged
from llm_proxy.pipeline.parts import Reasoning, Seal, Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import ChatRequest
from tests.unit.pipeline.dialects.gemini.bodies import AGENT, TO, USER, read, sent

THEIRS = Seal("anthropic_messages", {"signature": "s"}, "a")


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


def test_made_up_ids_reach_nobody() -> None:
    request = read(AGENT)
    messages = [
        message.with_parts(
            [
                replace(p, origin=None) if isinstance(p, ToolCall | ToolResult) else p
                for p in message.parts
            ]
        )
        for message in request.messages
    ]
    contents = sent(replace(request, messages=messages))["contents"]
    assert "call_" not in json.dumps(contents)
    assert {"name": "f", "args": {"a": 1}} == contents[1]["parts"][2]["functionCall"]
    assert {"name": "f", "response": {"output": "18C"}} == contents[2]["parts"][0][
        "functionResponse"
    ]
    assert "fc1" == contents[3]["parts"][0]["functionCall"]["id"]
    assert "fc1" == contents[4]["parts"][0]["functionResponse"]["id"]


def test_a_changed_result_keeps_its_fields() -> None:
    request = read(AGENT)
    messages = list(request.messages)
    (result, *rest) = messages[3].parts
    assert isinstance(result, ToolResult)
    messages[3] = messages[3].with_parts([replace(result, parts=(Text("cold"),)), *rest])
    expected = json.loads(json.dumps(AGENT))
    expected["contents"][2]["parts"][0]["functionResponse"]["response"] = {"output": "cold"}
    assert expected == sent(replace(request, messages=messages))


def test_changed_arguments_keep_the_calls_fields() -> None:
    request = read(AGENT)
    messages = list(request.messages)
    parts = [
        replace(p, arguments='{"a":2}') if isinstance(p, ToolCall) else p for p in messages[2].parts
    ]
    messages[2] = messages[2].with_parts(parts)
    expected = json.loads(json.dumps(AGENT))
    expected["contents"][1]["parts"][2]["functionCall"]["args"] = {"a": 2}
    assert expected == sent(replace(request, messages=messages))


def signed(signature: str) -> Any:
    call = {"functionCall": {"name": "f", "args": {}, "x": 1}, "thoughtSignature": signature}
    text = {"text": "a", "thoughtSignature": signature, "x": 1}
    return {
        "contents": [
            USER,
            {"role": "model", "parts": [text, call]},
            {"parts": [{"functionResponse": {"name": "f"}}]},
        ]
    }


def test_native_signatures_leave_as_they_came() -> None:
    request = read(signed("a-_"))
    assert request.source is not None
    assert request.source.raw == Gemini().write_request(request, TO).body
    assert signed("a-_")["contents"][1:] == sent(with_text(request, "hi", "X"))["contents"][1:]


def test_another_vendors_state_goes_to_nobody() -> None:
    written = Gemini().write_request(read(signed(tagged([THEIRS]))), TO)
    text, call = json.loads(written.body)["contents"][1]["parts"]
    assert {"text": "a", "x": 1} == text
    assert {"functionCall": {"name": "f", "args": {}, "x": 1}} == call
    assert ("dropped another vendor's reasoning state",) == written.losses


def test_its_own_state_in_a_tag_is_restored() -> None:
    seal = Seal("gemini", {"thoughtSignature": "a-_"}, "g")
    (text, _) = sent(read(signed(tagged([seal]))))["contents"][1]["parts"][:2]
    assert {"text": "", "thoughtSignature": "a-_"} == text


def test_a_signature_goes_with_the_state_that_a_stage_removed() -> None:
    request = read(signed("a-_"))
    messages = list(request.messages)
    messages[1] = messages[1].with_parts(
        [p for p in messages[1].parts if not isinstance(p, Reasoning)]
    )
    assert {"text": "a", "x": 1} == sent(replace(request, messages=messages))["contents"][1][
        "parts"
    ][0]
