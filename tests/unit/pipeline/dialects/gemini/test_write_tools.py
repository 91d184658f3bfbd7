from dataclasses import replace
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.gemini.write_tools import written_tools
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import Message, Tool, ToolChoice
from tests.unit.pipeline.dialects.gemini.bodies import AGENT, USER, asked, read, sent, to_model


def test_changed_tools_and_choice() -> None:
    request = read(AGENT)
    kept = [tool for tool in request.tools if tool.name != "g"]
    new = Tool("new", {"type": "object", "properties": {"a": {}}}, "d")
    told = sent(replace(request, tools=[*kept, new], tool_choice=ToolChoice("required", ("new",))))
    first, hosted = told["tools"]
    assert AGENT["tools"][0]["functionDeclarations"][0] == first["functionDeclarations"][0]
    assert {"name": "new", "description": "d", "parametersJsonSchema": new.parameters} == first[
        "functionDeclarations"
    ][1]
    assert {"google_search": {"x": 1}} == hosted
    config = told["toolConfig"]
    assert {"mode": "ANY", "allowedFunctionNames": ["new"]} == config["functionCallingConfig"]
    assert {"a": 1} == config["retrievalConfig"]
    assert "tools" not in sent(replace(request, tools=[]))


def test_a_removed_choice_goes() -> None:
    body = {"contents": [USER], "tool_config": {"function_calling_config": {"mode": "ANY"}}}
    assert {"contents": [USER]} == sent(replace(read(body), tool_choice=None))


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("required", ("f",)), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (ToolChoice("auto", ("f",)), {"mode": "VALIDATED", "allowedFunctionNames": ["f"]}),
    ],
)
def test_choices(choice: ToolChoice, expected: Any) -> None:
    request = asked(Message("user", (Text("hi"),)), tools=[Tool("f")], tool_choice=choice)
    assert {"functionCallingConfig": expected} == sent(request)["toolConfig"]
    assert "toolConfig" not in sent(replace(request, tools=[]))


@pytest.mark.parametrize(("known", "expected"), [("auto", {"mode": "AUTO"}), ("none", None)])
def test_choices_that_the_model_does_not_take(known: str, expected: Any) -> None:
    choice = ToolChoice("required")
    request = asked(Message("user", (Text("hi"),)), tools=[Tool("f")], tool_choice=choice)
    told = sent(request, to_model(tool_choice=known)).get("toolConfig")
    assert expected == (told and told["functionCallingConfig"])


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"type": "object", "properties": {}, "additionalProperties": False, "$schema": "x"},
    ],
)
def test_a_tool_without_arguments_has_no_parameters(schema: Any) -> None:
    assert {"name": "f", "description": "d"} == written_tools([Tool("f", schema, "d")])[0][
        "functionDeclarations"
    ][0]


@pytest.mark.parametrize(
    "schema", [{"type": "object", "additionalProperties": True}, {"$ref": "#/$defs/a"}]
)
def test_a_tool_with_any_arguments_has_parameters(schema: Any) -> None:
    (declared,) = written_tools([Tool("f", schema)])[0]["functionDeclarations"]
    assert schema == declared["parametersJsonSchema"]
