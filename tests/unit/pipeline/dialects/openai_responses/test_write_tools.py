from llm_proxy.pipeline.dialects.openai_responses.read_tools import read_choice, read_tools
from llm_proxy.pipeline.dialects.openai_responses.write_tools import (
    written_choice,
    written_tool,
    written_tools,
)
from llm_proxy.pipeline.request import Tool, ToolChoice
from tests.unit.pipeline.dialects.openai_responses.wire import CUSTOM, FUNCTION, GROUP, SEARCH

WIRE = [FUNCTION, CUSTOM, GROUP, SEARCH]


def test_tools_that_are_read_are_written_the_same() -> None:
    assert WIRE == written_tools(read_tools(WIRE), WIRE)


def test_choices_that_are_read_are_written_the_same() -> None:
    tools = read_tools(WIRE)
    one = {"type": "function", "name": "f"}
    inner = {"type": "function", "name": "inner"}
    allowed = {"type": "allowed_tools", "mode": "auto", "tools": [one, {"type": "web_search"}]}
    for wire in ("auto", one, inner, {"type": "custom", "name": "patch"}, allowed):
        choice = read_choice(wire, tools)
        assert choice is not None
        assert wire == written_choice(choice, tools)


def test_an_unknown_name_is_a_functions() -> None:
    choice = ToolChoice("required", ("x",))
    assert {"type": "function", "name": "x"} == written_choice(choice, ())


def test_a_new_tool_in_a_new_group() -> None:
    tool = Tool("ns__f", namespace="ns", description="d")
    (group,) = written_tools([tool], None)
    assert ("namespace", "ns") == (group["type"], group["name"])
    assert "f" == group["tools"][0]["name"]
    assert written_tool(tool)["strict"] is False
