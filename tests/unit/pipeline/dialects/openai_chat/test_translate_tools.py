"""Tools of other dialects' clients, as this dialect's vendors take them."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from llm_proxy.pipeline.dialects.arguments import CUSTOM_SCHEMA
from llm_proxy.pipeline.parts import Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import Tool, ToolChoice
from tests.unit.pipeline.dialects.openai_chat.translated import (
    CLOSED,
    HI,
    OPENAI,
    PLAIN,
    SCHEMA,
    asked,
    body_of,
    said,
    settings_of,
    write,
)

F = Tool("f", SCHEMA, "F.")
G = Tool("g")
PATCH = Tool("patch", custom=True, grammar={"syntax": "lark", "definition": "start: /a/"})


def function(**fields: Any) -> dict[str, Any]:
    return {"type": "function", "function": fields}


@pytest.mark.parametrize(
    ("tool", "traits", "expected"),
    [
        (F, {}, function(name="f", description="F.", parameters=SCHEMA)),
        (G, {}, function(name="g", parameters={"type": "object", "properties": {}})),
        (
            Tool("g", {"properties": {}}),
            {},
            function(name="g", parameters={"type": "object", "properties": {}}),
        ),
        (
            Tool("f", CLOSED, strict=True),
            OPENAI,
            function(name="f", parameters=CLOSED, strict=True),
        ),
        (Tool("f", CLOSED, strict=True), {}, function(name="f", parameters=CLOSED)),
        (
            Tool("f", SCHEMA, strict=False),
            OPENAI,
            function(name="f", parameters=SCHEMA, strict=False),
        ),
        (
            PATCH,
            OPENAI,
            {
                "type": "custom",
                "custom": {
                    "name": "patch",
                    "format": {"type": "grammar", "grammar": PATCH.grammar},
                },
            },
        ),
        (
            PATCH,
            {},
            function(
                name="patch",
                description="The input must fit this lark grammar:\nstart: /a/",
                parameters=CUSTOM_SCHEMA,
            ),
        ),
    ],
)
def test_a_tool(tool: Tool, traits: dict[str, Any], expected: object) -> None:
    request = asked(tools=[replace(tool, origin={"another": "form"})])
    assert [expected] == settings_of(request, **traits)["tools"]


def test_a_strict_tool_that_cannot_be_is_not() -> None:
    request = asked(tools=[replace(F, strict=True)])
    (tool,) = settings_of(request, **OPENAI)["tools"]
    assert False is tool["function"]["strict"]
    assert ("changed strict of f: false",) == write(request, **OPENAI).losses


ONE, SOME = ToolChoice("required", ("f",)), ToolChoice("auto", ("f", "patch"))


@pytest.mark.parametrize(
    ("choice", "traits", "expected", "offered"),
    [
        (None, {}, None, "f g patch"),
        (ToolChoice("auto"), {}, "auto", "f g patch"),
        (ToolChoice("none"), {}, "none", "f g patch"),
        (ToolChoice("required"), {}, "required", "f g patch"),
        (ONE, {}, {"type": "function", "function": {"name": "f"}}, "f g patch"),
        (
            ToolChoice("required", ("patch",)),
            OPENAI,
            {"type": "custom", "custom": {"name": "patch"}},
            "f g patch",
        ),
        (
            ToolChoice("required", ("patch",)),
            {},
            {"type": "function", "function": {"name": "patch"}},
            "f g patch",
        ),
        (
            SOME,
            OPENAI,
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "auto",
                    "tools": [
                        {"type": "function", "function": {"name": "f"}},
                        {"type": "custom", "custom": {"name": "patch"}},
                    ],
                },
            },
            "f g patch",
        ),
        (SOME, {}, "auto", "f patch"),
        (ToolChoice("auto", ("f",)), {}, "auto", "f"),
        (ToolChoice("required", ("f", "g")), {}, "required", "f g"),
        (ToolChoice("required"), {"tool_choice": "auto"}, "auto", "f g patch"),
        (ONE, {"tool_choice": "auto"}, "auto", "f"),
        (ToolChoice("none"), {"tool_choice": "auto"}, None, None),
        (ToolChoice("none"), {"tool_choice": "none"}, None, None),
        (ToolChoice("auto"), {"tool_choice": "none"}, None, "f g patch"),
        (ONE, {"tool_choice": "none"}, None, "f"),
        (ToolChoice("auto", ("unknown",)), {}, "auto", "f g patch"),
    ],
)
def test_the_choice_of_tools(
    choice: ToolChoice | None, traits: dict[str, Any], expected: object, offered: str | None
) -> None:
    made = settings_of(asked(tools=[F, G, PATCH], tool_choice=choice), **traits)
    assert expected == made.get("tool_choice")
    names = [tool[tool["type"]]["name"] for tool in made.get("tools", ())]
    assert (offered or "").split() == names


def test_a_choice_that_cannot_be_said_is_told() -> None:
    request = asked(tools=[F], tool_choice=ToolChoice("required"))
    assert ("changed tool_choice: auto",) == write(request, tool_choice="auto").losses


@pytest.mark.parametrize(
    "choice", [None, ToolChoice("auto"), ToolChoice("none"), ToolChoice("required")]
)
def test_without_tools_there_is_no_choice(choice: ToolChoice | None) -> None:
    request = asked(tool_choice=choice, parallel_tool_calls=False)
    assert PLAIN == body_of(request, **OPENAI)


def test_when_all_tools_are_the_vendors_own_the_choice_goes_with_them() -> None:
    search = Tool("web_search", hosted=True)
    request = asked(tools=[search], tool_choice=ToolChoice("auto"))
    assert PLAIN == body_of(request)
    assert ("dropped tool web_search",) == write(request).losses


@pytest.mark.parametrize(
    ("traits", "expected", "losses"),
    [(OPENAI, False, ()), ({}, None, ("dropped parallel_tool_calls",))],
)
def test_one_call_at_a_time(traits: dict[str, Any], expected: object, losses: object) -> None:
    request = asked(tools=[F], parallel_tool_calls=False)
    assert expected is settings_of(request, **traits).get("parallel_tool_calls")
    assert losses == write(request, **traits).losses


LONG = "mcp__some_server__" + "a_very_long_name" * 4


def test_names_that_do_not_fit_are_the_same_in_tools_choice_and_history() -> None:
    request = asked(
        HI,
        said("assistant", ToolCall("1", LONG, "{}")),
        said("tool", ToolResult("1", (Text("4"),))),
        tools=[Tool(LONG), Tool("a.b"), PATCH],
        tool_choice=ToolChoice("required", (LONG,)),
    )
    written = write(request)
    body = orjson.loads(written.body)
    long_, dotted, patch = (tool["function"]["name"] for tool in body["tools"])
    assert {long_: LONG, dotted: "a.b"} == written.names
    assert {"patch"} == written.customs == {patch}
    assert long_ == body["tool_choice"]["function"]["name"]
    assert long_ == body["messages"][1]["tool_calls"][0]["function"]["name"]
    assert max(len(long_), len(dotted)) <= 64


def test_tools_of_free_text_need_no_unwrapping_where_they_are_known() -> None:
    assert frozenset() == write(asked(tools=[PATCH]), **OPENAI).customs
