import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from llm_proxy.pipeline.dialects.dialect import Recipient
from llm_proxy.pipeline.dialects.openai_chat.read_request import read_request
from llm_proxy.pipeline.dialects.openai_chat.write_request import write_request
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.parts import (
    OpaquePart,
    Reasoning,
    Refusal,
    Seal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import ChatRequest, Message
from tests.unit.pipeline.dialects.openai_chat import json_values

USER = {"role": "user", "content": "hi", "name": "ann"}
FIELDS = {"model": "m", "messages": [USER]}


def read(**fields: Any) -> ChatRequest:
    return read_request(json.dumps({**FIELDS, **fields}).encode())


def written(request: ChatRequest) -> Any:
    return json.loads(write_request(request, Recipient("m")).body)


def rewritten(message: dict[str, Any], *parts: Any) -> Any:
    """The message on the wire after a stage gave it these parts."""
    request = read(messages=[message])
    changed = request.messages[0].with_parts(parts)
    return written(replace(request, messages=[changed]))["messages"][0]


IMAGE = {"type": "image_url", "image_url": {"url": "u"}}
CACHED = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}


def test_a_changed_part_keeps_its_unknown_fields_and_its_neighbours() -> None:
    message = {"role": "user", "content": [CACHED, IMAGE]}
    sent = rewritten(message, Text("b", CACHED), OpaquePart(IMAGE))
    assert {"role": "user", "content": [{**CACHED, "text": "b"}, IMAGE]} == sent


def test_text_beside_an_image_becomes_a_part() -> None:
    sent = rewritten(USER, Text("a"), OpaquePart(IMAGE))
    assert {**USER, "content": [{"type": "text", "text": "a"}, IMAGE]} == sent


def call(id_: str, arguments: str) -> dict[str, Any]:
    return {"id": id_, "type": "function", "function": {"name": "f", "arguments": arguments}}


def test_changed_text_beside_tool_calls_keeps_the_calls() -> None:
    message = {"role": "assistant", "content": "a", "tool_calls": [call("1", "{}")]}
    sent = rewritten(message, Text("b"), ToolCall("1", "f", "{}"))
    assert {**message, "content": "b"} == sent


def test_a_changed_tool_call_is_sent() -> None:
    message = {"role": "assistant", "content": "a", "tool_calls": [call("1", "{}")]}
    sent = rewritten(message, Text("a"), ToolCall("1", "f", "[]"))
    assert {**message, "tool_calls": [call("1", "[]")]} == sent


def test_the_messages_beside_a_changed_one_are_as_they_came() -> None:
    odd = {"id": "1", "function": {"name": "f", "arguments": {"as": "an object"}}}
    calling = {"role": "assistant", "content": None, "tool_calls": [odd]}
    result = {"role": "tool", "tool_call_id": "1", "content": "4"}
    request = read(messages=[calling, result, USER])
    changed = [*request.messages[:2], request.messages[2].with_parts([Text("b")])]
    expected = [calling, result, {**USER, "content": "b"}]
    assert expected == written(replace(request, messages=changed))["messages"]


CUSTOM_CALL = {"id": "c", "type": "custom", "custom": {"name": "g", "input": "x", "y": 1}}
UNKNOWN_CALL = {"id": "c", "type": "shell", "shell": {"command": "x"}}


@pytest.mark.parametrize("kind", [CUSTOM_CALL, UNKNOWN_CALL])
def test_a_call_of_another_kind_stays_out_of_the_content(kind: dict[str, Any]) -> None:
    message = {"role": "assistant", "content": "a", "tool_calls": [kind]}
    request = read(messages=[message])
    kept = request.messages[0].parts[1]
    changed = request.messages[0].with_parts((Text("b"), kept))
    sent = written(replace(request, messages=[changed]))["messages"]
    assert [{**message, "content": "b"}] == sent


@given(json_values.requests)
def test_a_turn_touched_and_given_its_own_parts_again_is_as_it_came(value: Any) -> None:
    with suppress(BadRequest):
        request = read_request(json.dumps(value).encode())
        touched = [message.with_parts(message.parts) for message in request.messages]
        again = read_request(write_request(replace(request, messages=touched), Recipient("m")).body)
        assert [bare(message) for message in request.messages] == [
            bare(message) for message in again.messages
        ]
        for old, new in zip(request.messages, again.messages, strict=True):
            known = {"content", "tool_calls", "tool_call_id"}
            assert {k: v for k, v in (old.origin or {}).items() if k not in known} == {
                k: v for k, v in (new.origin or {}).items() if k not in known
            }


def bare(message: Message) -> list[Any]:
    """What a message says, without the form it came in; no text is as good as an empty one."""
    return [message.role, *(bare_part(part) for part in message.parts if part != Text(""))]


def bare_part(part: Any) -> Any:
    if isinstance(part, ToolResult):
        return (part.id, [bare_part(inner) for inner in part.parts if inner != Text("")])
    if isinstance(part, ToolCall):
        return (part.id, part.name, part.arguments, part.custom)
    return part.text if isinstance(part, Text) else part


@pytest.mark.parametrize("refusal", ["no", None])
def test_a_refusal_is_there_as_long_as_its_part(refusal: str | None) -> None:
    message = {"role": "assistant", "content": "a", "refusal": refusal, "x": 1}
    kept = (Refusal(refusal),) if refusal else ()
    assert {**message, "content": "b"} == rewritten(message, Text("b"), *kept)
    gone = {"role": "assistant", "content": "b", "x": 1, **({} if refusal else {"refusal": None})}
    assert gone == rewritten(message, Text("b"))


DETAILS = [{"type": "reasoning.text", "text": "hm", "x": 1}]
OWN = Seal("openai_chat", {"reasoning_details": DETAILS})


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_what_was_thought_is_there_as_long_as_its_parts(field: str) -> None:
    message = {"role": "assistant", "content": "a", field: "hm", "reasoning_details": DETAILS}
    thought = (Reasoning("hm"), Reasoning("", OWN))
    assert {**message, "content": "b"} == rewritten(message, *thought, Text("b"))
    assert {"role": "assistant", "content": "b"} == rewritten(message, Text("b"))


@pytest.mark.parametrize("details", [None, "odd", {"x": 1}])
def test_details_of_an_unknown_form_stay(details: object) -> None:
    message = {"role": "assistant", "content": "a", "reasoning_details": details}
    assert {**message, "content": "b"} == rewritten(message, Text("b"))


def test_a_changed_result_of_the_old_kind_is_sent_as_one() -> None:
    message = {"role": "function", "name": "f", "content": "4"}
    assert {**message, "content": "5"} == rewritten(message, ToolResult("f", (Text("5"),)))


def test_a_changed_tool_result_is_sent() -> None:
    message = {"role": "tool", "tool_call_id": "1", "content": "4", "x": 1}
    assert {**message, "content": "5"} == rewritten(message, ToolResult("1", (Text("5"),)))
