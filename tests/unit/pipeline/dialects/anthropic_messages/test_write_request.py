import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.anthropic_messages.read_request import read_request
from llm_proxy.pipeline.dialects.anthropic_messages.write_request import write_request
from llm_proxy.pipeline.dialects.dialect import Written
from llm_proxy.pipeline.dialects.seals import FOREIGN as FOREIGN_LOSS
from llm_proxy.pipeline.dialects.seals import tag
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.parts import Seal, Text
from llm_proxy.pipeline.request import Message, Tool, ToolChoice
from tests.unit.pipeline.dialects.anthropic_messages.bodies import (
    FIELDS,
    USER,
    read,
    sent,
    to,
    written,
)
from tests.unit.pipeline.dialects.anthropic_messages.test_read_request import bodies
from tests.unit.pipeline.dialects.openai_chat import json_values

CALL = {"type": "tool_use", "id": "a", "name": "f", "input": {}, "x": 1}
RESULT = {"type": "tool_result", "tool_use_id": "a", "content": "R", "x": 1}
SIGNED = {"type": "thinking", "thinking": "hm", "signature": "Eq"}
FOREIGN = Seal("gemini", {"thoughtSignature": "Ci"}, "google", "a")
TAGGED = {"type": "thinking", "thinking": "so", "signature": tag([FOREIGN])}
BUDGET = {"type": "enabled", "budget_tokens": 2000}
TOOL = {"name": "f", "input_schema": {"type": "object"}, "eager_input_streaming": True}

unknown = st.dictionaries(
    json_values.texts.map(lambda name: f"x_{name}"), json_values.values, max_size=4
)
CAPTURES = sorted((Path(__file__).parents[4] / "captures").glob("claude-code-*.json"))


def said(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def turn(*blocks: Any) -> list[dict[str, Any]]:
    """A turn of the assistant's that calls a tool, and the result."""
    return [said(*blocks, CALL), {"role": "user", "content": [RESULT]}]


@given(bodies, st.sampled_from([None, 1, "\t"]))
def test_an_untouched_request_leaves_byte_for_byte(fields: Any, indent: Any) -> None:
    body = json.dumps(fields, indent=indent).encode()
    with suppress(BadRequest):
        request = read_request(body)
        assert Written(body) == write_request(request, to(request.model))


@given(bodies)
def test_whatever_was_read_can_be_written_anew(fields: Any) -> None:
    with suppress(BadRequest):
        request = read_request(json.dumps(fields).encode())
        touched = [message.with_parts(message.parts) for message in request.messages]
        assert "messages" in sent(replace(request, messages=touched))


@given(unknown)
def test_another_model_changes_only_the_model(more: dict[str, Any]) -> None:
    request = read(**more)
    body = json.loads(write_request(request, to("other")).body)
    assert {**FIELDS, **more, "model": "other"} == body


@given(unknown)
def test_a_changed_message_changes_only_itself(more: dict[str, Any]) -> None:
    marked = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}, "x": 1}
    first = {"role": "user", "content": [marked, {"type": "of_tomorrow"}], "y": 2}
    request = read(**more, system="S", messages=[first, *turn(SIGNED)])
    system, user, *rest = request.messages
    text, other = user.parts
    assert isinstance(text, Text)
    changed = user.with_parts([replace(text, text="b"), other])
    body = sent(replace(request, messages=[system, changed, *rest]))
    new = {**first, "content": [{**marked, "text": "b"}, {"type": "of_tomorrow"}]}
    assert {**FIELDS, **more, "system": "S", "messages": [new, *turn(SIGNED)]} == body


def test_a_message_that_goes_takes_nothing_along() -> None:
    request = read(messages=[USER, said({"type": "text", "text": "a"}), USER])
    assert [USER] == sent(replace(request, messages=request.messages[2:]))["messages"]


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("S", [{"type": "text", "text": "S"}, {"type": "text", "text": "\n\nmore"}]),
        ([{"type": "text", "text": "S", "x": 1}], None),
    ],
)
def test_more_for_the_system_goes_behind_what_is_there(system: Any, expected: Any) -> None:
    request = read(system=system)
    first, *rest = request.messages
    added = first.with_parts([*first.parts, Text("\n\nmore")])
    body = sent(replace(request, messages=[added, *rest]))
    expected = expected or [*system, {"type": "text", "text": "\n\nmore"}]
    assert {**FIELDS, "system": expected} == body


def test_a_system_turn_of_ours_becomes_the_field() -> None:
    request = read()
    body = sent(replace(request, messages=[Message("system", (Text("S"),)), *request.messages]))
    assert {**FIELDS, "system": "S"} == body


def test_a_system_turn_of_ours_before_the_clients_own() -> None:
    request = read(system=[{"type": "text", "text": "S", "x": 1}])
    body = sent(replace(request, messages=[Message("system", (Text("T"),)), *request.messages]))
    blocks = [{"type": "text", "text": "T"}, {"type": "text", "text": "S", "x": 1}]
    assert {**FIELDS, "system": blocks} == body


def test_a_system_turn_among_the_messages_stays_there() -> None:
    messages = [{"role": "system", "content": "first"}, USER]
    request = read(system="S", messages=messages)
    changed = [request.messages[0], request.messages[1], Message("user", (Text("new"),))]
    body = sent(replace(request, messages=changed))
    assert ("S", messages[0]) == (body["system"], body["messages"][0])


def test_a_system_field_that_a_stage_took_away() -> None:
    request = read(system="S")
    assert "system" not in sent(replace(request, messages=request.messages[1:]))


def test_the_stream_is_switched() -> None:
    assert {**FIELDS, "stream": True} == sent(replace(read(), stream=True))
    assert {**FIELDS, "stream": False} == sent(replace(read(stream=True), stream=False))


def test_changed_tools_keep_those_that_are_not() -> None:
    request = read(tools=[TOOL])
    new = Tool("g", {"properties": {"x": {}}}, "d", cache="long")
    body = sent(replace(request, tools=[*request.tools, new]))
    schema = {"type": "object", "properties": {"x": {}}}
    mark = {"type": "ephemeral", "ttl": "1h"}
    expected = {"name": "g", "description": "d", "input_schema": schema, "cache_control": mark}
    assert [TOOL, expected] == body["tools"]


def test_without_tools_there_is_no_choice() -> None:
    request = read(tools=[TOOL], tool_choice={"type": "any"})
    assert FIELDS == sent(replace(request, tools=()))


def test_a_changed_choice() -> None:
    request = read(tools=[TOOL], tool_choice={"type": "any", "x": 1})
    named = sent(replace(request, tool_choice=ToolChoice("required", ("f",))))
    assert {"type": "tool", "name": "f"} == named["tool_choice"]
    assert "tool_choice" not in sent(replace(request, tool_choice=None))


def test_one_call_at_a_time_is_said_beside_a_choice() -> None:
    request = read(tools=[TOOL]).with_param("parallel_tool_calls", False)
    expected = {"type": "auto", "disable_parallel_tool_use": True}
    assert expected == sent(request)["tool_choice"]
    again = read(tools=[TOOL], tool_choice={**expected, "type": "any"})
    assert {"type": "any"} == sent(again.without_param("parallel_tool_calls"))["tool_choice"]


def test_a_rule_that_sets_what_is_no_json() -> None:
    with pytest.raises(BadRequest):
        written(read().with_param("x", {1, 2}))


def test_a_count_leaves_as_it_came() -> None:
    fields = {"model": "m", "messages": [USER], "x_unknown": 1}
    body = json.dumps(fields, indent=1).encode()
    assert body == write_request(read_request(body, counts_only=True), to("m")).body


def test_a_count_has_no_fields_of_an_answer() -> None:
    more = {"stream": True, "temperature": 1, "system": "S", "x_unknown": 1, "thinking": BUDGET}
    body = sent(replace(read(**more), counts_only=True, stream=False))
    kept = {"system": "S", "x_unknown": 1, "thinking": BUDGET}
    assert {"model": "m", "messages": [USER], **kept} == body


def test_another_vendors_thought_goes_and_all_before_it() -> None:
    messages = [USER, *turn(SIGNED), *turn(TAGGED), *turn(SIGNED)]
    request = written(read(messages=messages))
    body = json.loads(request.body)
    assert [USER, *turn(), *turn(), *turn(SIGNED)] == body["messages"]
    assert f"dropped {FOREIGN_LOSS}" in request.losses


def test_the_makers_own_tag_becomes_the_thought_it_was() -> None:
    tagged = {**SIGNED, "signature": tag([Seal("anthropic_messages", SIGNED, "us")])}
    assert [USER, *turn(SIGNED)] == sent(read(messages=[USER, *turn(tagged)]))["messages"]


def test_a_turn_that_was_nothing_but_such_a_thought_goes() -> None:
    assert [USER, USER] == sent(read(messages=[USER, said(TAGGED), USER]))["messages"]


def test_an_unsigned_thought_goes_where_it_would_be_refused() -> None:
    unsigned = {"type": "thinking", "thinking": "hm", "signature": ""}
    request = read(messages=[USER, *turn(unsigned)])
    assert [USER, *turn()] == sent(request, signed_thinking=True)["messages"]
    assert request.source is not None
    assert request.source.raw == write_request(request, to("m")).body


def test_a_damaged_tag_goes_everywhere() -> None:
    damaged = {"type": "thinking", "thinking": "hm", "signature": "px1.!"}
    assert [USER, *turn()] == sent(read(messages=[USER, *turn(damaged)]))["messages"]


def test_no_budget_for_calls_that_have_lost_their_thoughts() -> None:
    edits = [{"type": "clear_thinking_20251015", "keep": "all"}, {"type": "clear_tool_uses"}]
    more = {"max_tokens": 4000, "thinking": BUDGET, "context_management": {"edits": edits}}
    request = written(read(**more, messages=[USER, *turn(TAGGED)]))
    body = json.loads(request.body)
    assert "thinking" not in body
    assert {"edits": edits[1:]} == body["context_management"]
    assert any("thinking" in loss for loss in request.losses)
    last = sent(read(**more, messages=[USER, *turn(TAGGED), *turn(SIGNED)]))
    assert BUDGET == last["thinking"]


def test_adaptive_thinking_does_not_mind() -> None:
    body = sent(read(thinking={"type": "adaptive"}, messages=[USER, *turn(TAGGED)]))
    assert {"type": "adaptive"} == body["thinking"]


def test_a_context_without_edits_left_goes() -> None:
    edits = [{"type": "clear_thinking_20251015"}]
    request = read(thinking=BUDGET, context_management={"edits": edits})
    assert "context_management" not in sent(request.with_param("reasoning_effort", "none"))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_requests_of_a_coding_agent(path: Path) -> None:
    fields = json.loads(path.read_bytes())["body"]
    body = json.dumps(fields, indent=1).encode()
    request = read_request(body)
    assert Written(body) == write_request(request, to(fields["model"]))
    changed = sent(request.with_param("stop", ["a"]), signed_thinking=True)
    assert {**fields, "model": "m", "stop_sequences": ["a"]} == changed
    touched = [message.with_parts(message.parts) for message in request.messages]
    anew = sent(replace(request, messages=touched))
    assert {**fields, "model": "m"} == anew
