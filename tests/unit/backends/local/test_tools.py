"""When the local backend calls a tool, and with what."""

import json
from typing import Any

import pytest

from llm_proxy.backends.local.tools import tool_calls
from llm_proxy.pipeline.events import ToolCallDelta, ToolCallEnd, ToolCallStart
from llm_proxy.pipeline.parts import Text, ToolResult
from llm_proxy.pipeline.request import Message, Tool, ToolChoice
from tests.support.stages import asking

WEATHER, TIME = Tool("get_weather"), Tool("get-time")


def called(text: str = "hello", *tools: Tool, **request: Any) -> list[str]:
    events = tool_calls(asking(text, tools=tools, **request).request)
    return [event.name for event in events if isinstance(event, ToolCallStart)]


def chosen(choice: str | None) -> ToolChoice | None:
    if choice in (None, "auto", "none", "required"):
        return choice and ToolChoice(choice)
    return ToolChoice("required", (choice,))


def arguments(parameters: dict[str, Any]) -> Any:
    events = tool_calls(asking("use t", tools=[Tool("t", parameters)]).request)
    _, delta, _ = events
    assert isinstance(delta, ToolCallDelta)
    return json.loads(delta.arguments)


@pytest.mark.parametrize(
    ("text", "choice", "expected"),
    [
        ("hello", None, []),
        ("please get_weather now", None, ["get_weather"]),
        ("get-time and get_weather", "auto", ["get_weather", "get-time"]),
        ("get_weathers", None, []),
        ("GET_WEATHER", None, []),
        ("get_weather", "none", []),
        ("hello", "none", []),
        ("hello", "required", ["get_weather"]),
        ("get-time", "required", ["get-time"]),
        ("hello", "get-time", ["get-time"]),
        ("get_weather", "get-time", ["get-time"]),
        ("hello", "unknown", []),
    ],
)
def test_which_tools_are_called(text: str, choice: str | None, expected: list[str]) -> None:
    assert expected == called(text, WEATHER, TIME, tool_choice=chosen(choice))


@pytest.mark.parametrize("choice", [None, "auto", "required", "get_weather"])
def test_without_a_tool_none_is_called(choice: str | None) -> None:
    assert called("get_weather", tool_choice=chosen(choice)) == []


@pytest.mark.parametrize("choice", [None, "required", "get_weather"])
def test_when_a_tool_has_answered_none_is_called_again(choice: str | None) -> None:
    messages = (
        Message("user", (Text("get_weather"),)),
        Message("tool", (ToolResult("1", (Text("get_weather says rain"),)),)),
    )
    assert called("", WEATHER, tool_choice=chosen(choice), messages=messages) == []


def test_a_name_is_no_pattern() -> None:
    assert called("abc", Tool("a.c")) == []


def test_calls_are_whole_counted_from_0_and_told_apart() -> None:
    events = tool_calls(asking("get-time, get_weather", tools=[WEATHER, TIME]).request)
    first, second = events[0], events[3]
    assert isinstance(first, ToolCallStart)
    assert isinstance(second, ToolCallStart)
    assert events == [
        ToolCallStart(0, first.id, "get_weather"),
        ToolCallDelta(0, "{}"),
        ToolCallEnd(0),
        ToolCallStart(1, second.id, "get-time"),
        ToolCallDelta(1, "{}"),
        ToolCallEnd(1),
    ]
    assert first.id != second.id
    assert first.id.startswith("call_")


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "sample"),
        ({"type": "integer"}, 1),
        ({"type": "number"}, 1.0),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": "array"}, []),
        ({"type": ["integer", "null"]}, 1),
        ({"type": []}, None),
        ({"type": "of another kind"}, None),
        ({"enum": ["celsius", "kelvin"], "type": "string"}, "celsius"),
        ({"enum": []}, "sample"),
        ({"const": 7, "enum": [1]}, 7),
        ({"default": None, "type": "string"}, None),
        ({}, "sample"),
        ({"type": "object"}, {}),
        ({"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"a": 1}),
        ({"properties": {"a": {"type": "integer"}}}, {}),
        ("not a schema", "sample"),
    ],
)
def test_an_argument_fits_its_schema(schema: object, expected: object) -> None:
    parameters = {"type": "object", "properties": {"x": schema}, "required": ["x"]}
    assert arguments(parameters) == {"x": expected}


def test_only_required_arguments_are_given() -> None:
    properties = {"a": {"type": "integer"}, "b": {"type": "string"}}
    assert arguments({"properties": properties, "required": ["b", "c"]}) == {
        "b": "sample",
        "c": "sample",
    }


@pytest.mark.parametrize("parameters", [{}, {"required": "x"}, {"properties": 5}])
def test_a_schema_that_says_little_asks_for_nothing(parameters: dict[str, Any]) -> None:
    assert arguments(parameters) == {}


def test_a_schema_that_goes_on_and_on_is_cut_off() -> None:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(100):
        schema = {"type": "object", "properties": {"x": schema}, "required": ["x"]}
    expected: Any = None
    for _ in range(9):
        expected = {"x": expected}
    assert expected == arguments(schema)
