import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.dialect import Recipient
from llm_proxy.pipeline.dialects.openai_responses.read_request import read_request
from llm_proxy.pipeline.dialects.openai_responses.write_request import write_request
from llm_proxy.pipeline.dialects.seals import FOREIGN, tag
from llm_proxy.pipeline.parts import Seal, Text
from llm_proxy.pipeline.request import ChatRequest, Message, Tool, ToolChoice
from tests.support.captures import CAPTURES, Capture
from tests.unit.pipeline.dialects.openai_chat import json_values
from tests.unit.pipeline.dialects.openai_responses.wire import (
    CUSTOM,
    FIELDS,
    FUNCTION,
    GROUP,
    ITEMS,
    SEARCH,
    request,
)

unknown = st.dictionaries(
    json_values.texts.map(lambda name: f"x_{name}"), json_values.values, max_size=4
)
FULL: dict[str, Any] = {
    "instructions": "be brief",
    "input": ITEMS,
    "tools": [FUNCTION, CUSTOM, GROUP, SEARCH],
    "tool_choice": {"type": "function", "name": "f"},
    "reasoning": {"effort": "low", "context": "auto"},
    "text": {"verbosity": "low"},
    "include": ["reasoning.encrypted_content"],
}


def fields(asked: ChatRequest, model: str = "m", maker: str = "v") -> Any:
    return json.loads(write_request(asked, Recipient(model, maker)).body)


@given(unknown, st.sampled_from([None, 1]), st.booleans())
def test_an_untouched_request_leaves_byte_for_byte(
    more: dict[str, Any],
    indent: Any,
    ascii_: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    body = json.dumps({**FIELDS, **FULL, **more}, indent=indent, ensure_ascii=ascii_).encode()
    assert body == write_request(read_request(body), Recipient("m")).body


def test_a_count_leaves_byte_for_byte() -> None:
    body = json.dumps({**FIELDS, "personality": "x"}).encode()
    assert body == write_request(read_request(body, counts_only=True), Recipient("m")).body


def test_a_request_that_is_only_counted_loses_what_is_not_counted() -> None:
    asked = replace(request(stream=True, store=False, x_mine=1), counts_only=True)
    assert {**FIELDS, "x_mine": 1} == fields(asked)


AGENTS = [capture for capture in CAPTURES if capture.dialect == "openai_responses"]


@pytest.mark.parametrize("capture", AGENTS, ids=str)
def test_a_coding_agents_request_survives_a_small_change(capture: Capture) -> None:
    sent, body = capture.body, capture.raw
    asked = read_request(body)
    assert body == write_request(asked, Recipient(sent["model"])).body
    assert {**sent, "model": "other"} == fields(asked, "other")
    system = Message("system", (Text("be kind"),))
    changed = replace(asked, messages=(system, *asked.messages), tools=tuple(asked.tools))
    assert {**sent, "instructions": "be kind"} == fields(changed, sent["model"])
    last = asked.messages[-1]
    if last.role == "user":
        said = last.with_parts([*last.parts, Text("more")])
        written = fields(replace(asked, messages=(*asked.messages[:-1], said)), sent["model"])
        item = sent["input"][-1]
        content = [*item["content"], {"type": "input_text", "text": "more"}]
        assert {**sent, "input": [*sent["input"][:-1], {**item, "content": content}]} == written


@pytest.mark.parametrize(
    ("name", "value", "changed"),
    [
        ("max_tokens", 9, {"max_output_tokens": 9}),
        ("temperature", 0.5, {"temperature": 0.5}),
        ("reasoning_effort", "high", {"reasoning": {"effort": "high", "context": "auto"}}),
        ("reasoning_budget", 0, {"reasoning": {"effort": "low", "context": "auto"}}),
        (
            "reasoning_summary",
            True,
            {"reasoning": {"effort": "low", "context": "auto", "summary": "auto"}},
        ),
        ("reasoning.context", "x", {"reasoning": {"effort": "low", "context": "x"}}),
        ("verbosity", "high", {"text": {"verbosity": "high"}}),
        (
            "response_format",
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
            {
                "text": {
                    "verbosity": "low",
                    "format": {"type": "json_schema", "name": "n", "schema": {}},
                }
            },
        ),
        ("user", "u", {"safety_identifier": "u"}),
        (
            "logprobs",
            True,
            {"include": ["reasoning.encrypted_content", "message.output_text.logprobs"]},
        ),
        ("x_vendor", 1, {"x_vendor": 1}),
    ],
)
def test_a_changed_setting_changes_only_its_place(name: str, value: Any, changed: Any) -> None:
    asked = request(**FULL).with_param(name, value)
    assert {**FIELDS, **FULL, **changed} == fields(asked)


def test_a_setting_without_a_place_is_dropped_aloud() -> None:
    written = write_request(request().with_param("seed", 1), Recipient("m"))
    assert FIELDS == json.loads(written.body)
    assert ("dropped seed",) == written.losses


def test_removed_settings_leave_no_trace() -> None:
    asked = request(**FULL, user="a", safety_identifier="b", max_output_tokens=9)
    for name in ("user", "max_tokens", "verbosity", "reasoning_effort"):
        asked = asked.without_param(name)
    kept = {name: value for name, value in FULL.items() if name != "text"}
    assert {**FIELDS, **kept, "reasoning": {"context": "auto"}} == fields(asked)


def test_stream() -> None:
    asked = replace(request(stream=True, stream_options={"x": 1}), stream=False)
    assert {**FIELDS, "stream": False} == fields(asked)


def test_a_bare_text_stays_one() -> None:
    asked = request()
    said = asked.messages[0].with_parts([Text("bye")])
    assert {**FIELDS, "input": "bye"} == fields(replace(asked, messages=(said,)))
    system = Message("system", (Text("s"),))
    changed = replace(asked, messages=(system, *asked.messages))
    assert {**FIELDS, "instructions": "s"} == fields(changed)


def test_system_text_joins_the_instructions() -> None:
    asked = request(**FULL)
    first, *rest = asked.messages
    longer = first.with_parts([*first.parts, Text("and kind")])
    changed = replace(asked, messages=(longer, *rest))
    assert {**FIELDS, **FULL, "instructions": "be brief\n\nand kind"} == fields(changed)
    assert "instructions" not in fields(replace(asked, messages=tuple(rest)))


def test_changed_tools_go_back_into_their_groups() -> None:
    asked = request(**FULL)
    new = Tool("ns__new", namespace="ns")
    written = fields(replace(asked, tools=(*asked.tools[1:], new), tool_choice=None))
    inner = {
        "type": "function",
        "name": "new",
        "parameters": {"type": "object", "properties": {}},
        "strict": False,
    }
    group = {**GROUP, "tools": [*GROUP["tools"], inner]}
    assert [CUSTOM, group, SEARCH] == written["tools"]
    assert "tool_choice" not in written
    assert "tools" not in fields(replace(asked, tools=(), tool_choice=None))


def test_a_changed_choice() -> None:
    asked = replace(request(**FULL), tool_choice=ToolChoice("required", ("patch",)))
    assert {"type": "custom", "name": "patch"} == fields(asked)["tool_choice"]


OTHERS = Seal("anthropic_messages", {"thinking": "t", "signature": "s"}, "a")
MINE = Seal("openai_responses", {"type": "reasoning", "id": "rs_1", "encrypted_content": "e"}, "v")


def tagged(*seals: Seal) -> dict[str, Any]:
    return {"type": "reasoning", "id": "rs_px1", "summary": [], "encrypted_content": tag(seals)}


def test_state_of_another_vendor_goes_with_its_item() -> None:
    written = write_request(
        request(input=[ITEMS[0], tagged(OTHERS), *ITEMS[2:]]), Recipient("m", "v")
    )
    assert [ITEMS[0], *ITEMS[2:]] == json.loads(written.body)["input"]
    assert (f"dropped {FOREIGN}",) == written.losses


def test_own_state_is_restored_at_its_place() -> None:
    asked = request(input=[ITEMS[0], tagged(MINE), *ITEMS[2:]])
    assert [ITEMS[0], MINE.block, *ITEMS[2:]] == fields(asked)["input"]
    assert [ITEMS[0], *ITEMS[2:]] == fields(asked, maker="other")["input"]


def test_reasoning_that_no_vendor_of_the_dialect_made_goes() -> None:
    own = {"type": "reasoning", "id": "rs_px123", "summary": []}
    damaged = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "px1.!"}
    assert [ITEMS[0]] == fields(request(input=[ITEMS[0], own, damaged]))["input"]
