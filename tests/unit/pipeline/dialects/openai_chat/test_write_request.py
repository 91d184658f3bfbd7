import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.dialect import Recipient
from llm_proxy.pipeline.dialects.openai_chat.read_request import read_request
from llm_proxy.pipeline.dialects.openai_chat.write_request import write_request
from llm_proxy.pipeline.errors import BadRequest
from llm_proxy.pipeline.parts import Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import ChatRequest, Message, Tool, ToolChoice
from tests.unit.pipeline.dialects.openai_chat import json_values

USER = {"role": "user", "content": "hi", "name": "ann"}
FIELDS = {"model": "m", "messages": [USER], "temperature": 1, "x_unknown": {"a": [1.5, None]}}
TOOL = {"type": "function", "function": {"name": "f", "strict": True}}

unknown = st.dictionaries(
    json_values.texts.map(lambda name: f"x_{name}"), json_values.values, max_size=4
)


def read(**fields: Any) -> ChatRequest:
    return read_request(json.dumps({**FIELDS, **fields}).encode())


def sent(request: ChatRequest, model: str = "m", *, stream_usage: bool = False) -> bytes:
    sent = write_request(request, Recipient(model, stream_usage=stream_usage))
    assert ((), {}, frozenset(), None) == (sent.losses, sent.names, sent.customs, sent.json_tool)
    return sent.body


def written(request: ChatRequest, model: str = "m", *, stream_usage: bool = False) -> Any:
    return json.loads(sent(request, model, stream_usage=stream_usage))


@given(unknown, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_an_untouched_request_leaves_byte_for_byte(
    more: dict[str, Any],
    indent: Any,
    ascii_: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    body = json.dumps({**FIELDS, **more}, indent=indent, ensure_ascii=ascii_).encode()
    assert body == sent(read_request(body), stream_usage=True)


@pytest.mark.parametrize(
    "fields",
    [
        {"stream": True, "stream_options": {}},
        {"stream": True, "stream_options": None},
        {"stream": True, "stream_options": {"include_usage": False}},
        {"stream": False, "stream_options": {"include_usage": True}},
        {"stream": None},
        {"tools": [], "tool_choice": None},
        {"tools": None},
        {"tools": [TOOL], "tool_choice": {"type": "allowed_tools"}},
        {"max_tokens": 1, "max_completion_tokens": 2},
    ],
)
def test_odd_but_untouched_leaves_byte_for_byte(fields: dict[str, Any]) -> None:
    body = json.dumps({**FIELDS, **fields}, indent=3).encode()
    assert body == sent(read_request(body))


@given(unknown)
def test_another_model_changes_only_the_model(more: dict[str, Any]) -> None:
    assert {**FIELDS, **more, "model": "other"} == written(read(**more), "other")


@given(unknown, json_values.values)
def test_a_changed_setting_changes_only_itself(more: dict[str, Any], value: Any) -> None:
    expected = {**FIELDS, **more, "temperature": value}
    assert expected == written(read(**more).with_param("temperature", value))


@given(unknown)
def test_a_changed_message_changes_only_itself(more: dict[str, Any]) -> None:
    request = read(**more, messages=[USER, USER])
    messages = [request.messages[0], request.messages[1].with_parts([Text("new")])]
    expected = {**FIELDS, **more, "messages": [USER, {**USER, "content": "new"}]}
    assert expected == written(replace(request, messages=messages))


def test_a_new_setting_is_added_and_the_order_kept() -> None:
    body = sent(read().with_param("seed", 7))
    assert [*FIELDS, "seed"] == list(json.loads(body))


def test_a_dropped_setting_is_gone() -> None:
    assert {"temperature"} == FIELDS.keys() - written(read().without_param("temperature")).keys()


def test_a_setting_with_its_old_value_changes_nothing() -> None:
    body = json.dumps(FIELDS, indent=3).encode()
    request = read_request(body).with_param("temperature", 1)
    assert body == sent(request)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_clients_spelling_of_max_tokens_is_kept(name: str) -> None:
    request = read(**{name: 7})
    assert {**FIELDS, name: 9} == written(request.with_param("max_tokens", 9))
    assert FIELDS == written(request.without_param("max_tokens"))
    assert {**FIELDS, name: 7, "model": "o"} == written(request, "o")


def test_deep_nesting_is_written_or_a_bad_request() -> None:
    deep = json.dumps(FIELDS).encode()[:-1] + b',"x":' + b"[" * 300 + b"]" * 300 + b"}"
    with suppress(BadRequest):
        assert b'"other"' in sent(read_request(deep), "other")


USAGE = {"include_usage": True}


@pytest.mark.parametrize(
    ("fields", "stream_usage", "expected"),
    [
        ({"stream": True}, True, USAGE),
        ({"stream": True}, False, None),
        ({"stream": True, "stream_options": None}, True, USAGE),
        ({"stream": True, "stream_options": {"a": 1}}, True, {"a": 1, **USAGE}),
        ({"stream": True, "stream_options": {"a": 1}}, False, {"a": 1}),
        ({"stream": True, "stream_options": {"include_usage": False}}, True, USAGE),
        ({"stream": True, "stream_options": USAGE}, False, USAGE),
        ({"stream": False}, True, None),
    ],
)
def test_a_stream_is_asked_for_its_usage(
    *, fields: dict[str, Any], stream_usage: bool, expected: Any
) -> None:
    body = written(read(**fields), stream_usage=stream_usage)
    assert expected == body.pop("stream_options", None)
    fields = {key: value for key, value in fields.items() if key != "stream_options"}
    assert {**FIELDS, **fields} == body


def test_a_request_made_a_stream_is_asked_for_its_usage_too() -> None:
    body = written(replace(read(), stream=True), stream_usage=True)
    assert {**FIELDS, "stream": True, "stream_options": USAGE} == body


def test_a_request_made_whole_has_no_options_of_a_stream() -> None:
    request = read(stream=True, stream_options=USAGE)
    assert {**FIELDS, "stream": False} == written(replace(request, stream=False))


def test_changed_tools_are_sent() -> None:
    request = read(tools=[TOOL], tool_choice="auto")
    function = {"name": "g", "parameters": {"type": "object"}}
    body = written(replace(request, tools=[Tool("g", {"type": "object"})]))
    assert [{"type": "function", "function": function}] == body["tools"]


def test_a_changed_choice_of_tool_is_sent() -> None:
    request = read(tools=[TOOL], tool_choice="auto")
    assert "none" == written(replace(request, tool_choice=ToolChoice("none")))["tool_choice"]
    assert "tool_choice" not in written(replace(request, tool_choice=None))


def call(id_: str, arguments: str) -> dict[str, Any]:
    return {"id": id_, "type": "function", "function": {"name": "f", "arguments": arguments}}


def test_a_request_of_our_own() -> None:
    request = ChatRequest(
        model="alias",
        messages=[
            Message("system", (Text("be brief"),)),
            Message("assistant", (Text("a"), ToolCall("1", "f", "{}"))),
            Message("tool", (ToolResult("1", (Text("4"),)),)),
        ],
        stream=True,
        params={"temperature": 0.5},
        tools=[Tool("f", {"type": "object"})],
        tool_choice=ToolChoice("required"),
    )
    expected = {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "assistant", "content": "a", "tool_calls": [call("1", "{}")]},
            {"role": "tool", "content": "4", "tool_call_id": "1"},
        ],
        "temperature": 0.5,
        "stream": True,
        "stream_options": USAGE,
        "tools": [
            {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
        ],
    }
    body = written(request, stream_usage=True)
    assert "required" == body.pop("tool_choice", None)
    assert expected == body


def test_a_request_of_another_dialect_is_written_anew() -> None:
    request = read()
    assert request.source is not None
    foreign = replace(request, source=replace(request.source, dialect="other"))
    written_ = write_request(foreign, Recipient("m"))
    plain = {"role": "user", "content": "hi"}
    expected = {"model": "m", "messages": [plain], "temperature": 1}
    assert expected == json.loads(written_.body)
    assert ("dropped x_unknown",) == written_.losses


@pytest.mark.parametrize("order", [0, 1])
def test_two_spellings_of_one_setting_are_changed_together(order: int) -> None:
    both = [("max_tokens", 5000), ("max_completion_tokens", 7000)]
    request = read(**dict(both if order else reversed(both)))
    assert 7000 == request.params["max_tokens"]
    changed = written(request.with_param("max_tokens", 9))
    assert [9] == [changed[name] for name, _ in both if name in changed]
    assert FIELDS == written(request.without_param("max_tokens"))
