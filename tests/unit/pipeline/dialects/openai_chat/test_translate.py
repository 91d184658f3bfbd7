"""Whole requests of other dialects' clients, as this dialect's vendors take them."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.openai_chat.read_request import read_request
from llm_proxy.pipeline.errors import BadRequest, Untranslatable
from llm_proxy.pipeline.parts import Image, Media, OpaquePart, Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import ChatRequest, Message, Tool, ToolChoice
from tests.unit.pipeline.dialects.openai_chat import json_values
from tests.unit.pipeline.dialects.openai_chat.oracle import known_to_the_sdk
from tests.unit.pipeline.dialects.openai_chat.translated import (
    CLOSED,
    OPENAI,
    PLAIN,
    SCHEMA,
    asked,
    asked_json,
    body_of,
    said,
    settings_of,
    write,
)

F = Tool("f", SCHEMA, "F.")
G = Tool("g")
PATCH = Tool("patch", custom=True, grammar={"syntax": "lark", "definition": "start: /a/"})


ONE, SOME = ToolChoice("required", ("f",)), ToolChoice("auto", ("f", "patch"))


def function(**fields: Any) -> dict[str, Any]:
    return {"type": "function", "function": fields}


def test_what_a_model_always_gets_is_added() -> None:
    assert {"tool_stream": True} == settings_of(asked(), extra_body={"tool_stream": True})


def test_what_a_rule_has_added_is_sent_in_its_own_words() -> None:
    request = asked(x_unknown=1).with_param("min_p", 0.1).with_param("temperature", 0.5)
    assert {"temperature": 0.5, "min_p": 0.1} == settings_of(request)


def test_a_rule_that_added_what_is_no_json_is_a_bad_request() -> None:
    with pytest.raises(BadRequest):
        write(asked().with_param("min_p", {1, 2}))


SMALL = {
    "sampling": "one_of_unit",
    "tool_choice": "auto",
    "structured": "none",
    "system_first": True,
    "thinking": "switch",
    "reasoning_field": "reasoning_content",
    "image_urls": False,
    "penalties": False,
    "most_stops": 1,
}
"""The facts of a server that takes little."""

DEEP = orjson.loads(b'{"a":' * 300 + b"1" + b"}" * 300)


@pytest.mark.parametrize(
    ("request_", "traits"),
    [
        (
            asked(
                said("assistant", ToolCall("1", "f", "")),
                said("tool", ToolResult("1", (OpaquePart(DEEP),))),
            ),
            {},
        ),
        (asked_json(schema=DEEP), {"structured": "none"}),
        (asked_json(schema={**CLOSED, "$defs": DEEP}), {}),
        (asked(tools=[Tool("f", DEEP, strict=True)]), OPENAI),
    ],
)
def test_what_is_nested_too_deeply_is_a_bad_request(
    request_: ChatRequest, traits: dict[str, Any]
) -> None:
    with pytest.raises(BadRequest, match="cannot be written"):
        write(request_, **traits)


FULL: list[Message] = [
    said("system", "S"),
    said("user", "Q", Image(Media("image/png", data="iVBORw0KGgo="), "high")),
    said("assistant", "A", ToolCall("1", "f", ""), ToolCall("2", "patch", "x", custom=True)),
    said("tool", ToolResult("1", (Text("4"),)), ToolResult("2")),
    said("developer", "D"),
    said("user", Text("R", cache="long")),
]


def test_imitations_get_no_field_that_only_openai_knows() -> None:
    request = asked(
        said("user", Text("a", cache="long")),
        tools=[Tool("f", CLOSED, strict=True)],
        parallel_tool_calls=True,
        user="u",
        store=True,
        verbosity="low",
        service_tier="flex",
        metadata={"a": "b"},
        prompt_cache_key="k",
    )
    tool = function(name="f", parameters=CLOSED)
    expected = {**PLAIN, "messages": [{"role": "user", "content": "a"}], "tools": [tool]}
    assert expected == body_of(request)


@given(json_values.requests, st.sampled_from([{}, OPENAI, SMALL]))
def test_any_request_is_translated_or_refused(value: Any, traits: dict[str, Any]) -> None:
    with suppress(BadRequest, Untranslatable):
        request = read_request(orjson.dumps(value))
        assert request.source is not None
        foreign = replace(request, source=replace(request.source, dialect="another"))
        body = body_of(foreign, **traits)
        assert isinstance(body["messages"], list)


def test_the_sdk_does_not_know_everything() -> None:
    assert PLAIN == known_to_the_sdk({**PLAIN, "x_unknown": 1})


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("choice", [None, ONE, SOME, ToolChoice("required", ("patch",))])
def test_what_is_written_for_openai_is_what_its_sdk_knows(
    *, choice: ToolChoice | None, stream: bool
) -> None:
    request = asked(
        *FULL,
        tools=[F, replace(F, name="s", parameters=CLOSED, strict=True), PATCH],
        tool_choice=choice,
        stream=stream,
        temperature=0.5,
        max_tokens=900,
        stop=["a"],
        seed=1,
        user="u" * 100,
        metadata={"a": "b"},
        reasoning_effort="high",
        verbosity="low",
        parallel_tool_calls=False,
        response_format={"type": "json_schema", "json_schema": {"schema": CLOSED}},
    )
    body = body_of(request, **OPENAI, cache_marks="breakpoint")
    assert body == known_to_the_sdk(body)
