from typing import Any

import pytest

from llm_proxy.pipeline.errors import Untranslatable
from tests.unit.pipeline.dialects.anthropic_messages.bodies import chat, official, to, written


def tool(name: str = "f", **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **more}}


def named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def allowed(mode: str, *names: str) -> dict[str, Any]:
    tools = [named(name) for name in names]
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}


FORMAT = {"type": "json_schema", "json_schema": {"schema": {"type": "object"}, "description": "D"}}
TOOLS = [tool(), tool("g")]


@pytest.mark.parametrize(
    ("choice", "expected", "names"),
    [
        (None, None, ["f", "g"]),
        ("auto", {"type": "auto"}, ["f", "g"]),
        ("none", {"type": "none"}, ["f", "g"]),
        ("required", {"type": "any"}, ["f", "g"]),
        (named("g"), {"type": "tool", "name": "g"}, ["f", "g"]),
        (allowed("auto", "g"), {"type": "auto"}, ["g"]),
        (allowed("required", "f", "g"), {"type": "any"}, ["f", "g"]),
    ],
)
def test_choices(choice: Any, expected: Any, names: list[str]) -> None:
    body = official(chat(tools=TOOLS, tool_choice=choice))
    assert expected == body.get("tool_choice")
    assert names == [one["name"] for one in body["tools"]]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", {"type": "any", "disable_parallel_tool_use": True}),
        (named("f"), {"type": "tool", "name": "f", "disable_parallel_tool_use": True}),
        ("none", {"type": "none"}),
    ],
)
def test_one_call_at_a_time(choice: Any, expected: Any) -> None:
    body = official(chat(tools=TOOLS, tool_choice=choice, parallel_tool_calls=False))
    assert expected == body["tool_choice"]


def test_a_choice_without_tools_goes() -> None:
    body = official(chat(tool_choice="required", parallel_tool_calls=False))
    assert not {"tools", "tool_choice"} & body.keys()


def test_a_tool_without_arguments_still_has_a_schema() -> None:
    (one,) = official(chat(tools=[tool(description="d")]))["tools"]
    schema = {"type": "object", "properties": {}}
    assert {"name": "f", "description": "d", "input_schema": schema} == one


def test_a_tool_of_free_text_is_a_function() -> None:
    grammar = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: x"}}
    custom = {"type": "custom", "custom": {"name": "f", "description": "d", "format": grammar}}
    (one,) = official(chat(tools=[custom]))["tools"]
    assert ["input"] == one["input_schema"]["required"]
    assert "start: x" in one["description"]


def test_names_are_made_to_fit() -> None:
    long = "x" * 129
    body = official(chat(tools=[tool("a.b"), tool(long)], tool_choice=named("a.b")))
    first, second = (one["name"] for one in body["tools"])
    assert {"type": "tool", "name": first} == body["tool_choice"]
    assert {first: "a.b", second: long} == written(chat(tools=[tool("a.b"), tool(long)])).names


def test_strictness_and_the_vendors_own_tools_are_lost() -> None:
    request = chat(tools=[tool(strict=True), {"type": "web_search"}])
    assert ("dropped tool web_search", "dropped strict") == written(request).losses


def test_a_tool_that_only_its_vendor_runs_cannot_be_forced() -> None:
    with pytest.raises(Untranslatable):
        written(chat(tools=[{"type": "web_search"}], tool_choice="required"))


@pytest.mark.parametrize(
    ("choice", "takes", "expected"),
    [
        ("required", "auto", {"type": "auto"}),
        ("required", "none", None),
        ("auto", "none", None),
        ("auto", "auto", {"type": "auto"}),
    ],
)
def test_servers_that_take_fewer_choices(choice: str, takes: str, expected: Any) -> None:
    body = official(chat(tools=TOOLS, tool_choice=choice), tool_choice=takes)
    assert expected == body.get("tool_choice")


def test_no_tools_where_none_may_be_called_and_that_cannot_be_said() -> None:
    assert "tools" not in official(chat(tools=TOOLS, tool_choice="none"), tool_choice="auto")


@pytest.mark.parametrize(
    ("more", "choice", "names"),
    [
        ({}, {"type": "tool", "name": "json_output"}, ["json_output"]),
        ({"tools": TOOLS}, {"type": "any"}, ["f", "g", "json_output"]),
        ({"tools": [tool("json_output")]}, {"type": "any"}, ["json_output", "json_output_"]),
        (
            {"tools": TOOLS, "tool_choice": "none"},
            {"type": "tool", "name": "json_output"},
            ["json_output"],
        ),
        ({"tools": TOOLS, "tool_choice": "required"}, {"type": "any"}, ["f", "g"]),
    ],
)
def test_a_structured_answer_as_a_tool(more: Any, choice: Any, names: list[str]) -> None:
    request = chat(response_format=FORMAT, **more)
    body = official(request, structured="none")
    assert choice == body["tool_choice"]
    assert names == [one["name"] for one in body["tools"]]
    tool_ = written(request, to(structured="none")).json_tool
    assert (names[-1] if names[-1].startswith("json") else None) == tool_


def test_who_always_thinks_is_asked_in_words_as_well() -> None:
    traits = {"can_stop_thinking": False, "forced_tools_while_thinking": False}
    request = chat(response_format=FORMAT)
    body = official(request, structured="none", **traits)
    assert ({"type": "auto"}, ["json_output"]) == (
        body["tool_choice"],
        [one["name"] for one in body["tools"]],
    )
    assert "JSON Schema" in body["system"][0]["text"]
    told = written(request, to(structured="none", **traits))
    assert ((), "json_output") == (told.losses, told.json_tool)


def test_a_forced_structured_answer_is_not_thought_about() -> None:
    traits = {"structured": "none", "forced_tools_while_thinking": False, "thinking": "budget"}
    body = official(chat(response_format=FORMAT, reasoning_effort="high"), **traits)
    assert "thinking" not in body
