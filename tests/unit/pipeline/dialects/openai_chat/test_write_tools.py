from typing import Any

import pytest

from llm_proxy.pipeline.dialects.openai_chat.write_tools import written_choice, written_tool
from llm_proxy.pipeline.request import Tool, ToolChoice


def test_a_tool_of_this_dialect_is_as_it_came() -> None:
    origin = {"type": "function", "function": {"name": "f"}, "x": 1}
    assert origin is written_tool(Tool("f", origin=origin))


@pytest.mark.parametrize(("takes", "expected"), [(True, True), (False, None)])
def test_strict_is_for_whom_takes_it(*, takes: bool, expected: object) -> None:
    function = written_tool(Tool("f", strict=True), strict=takes)["function"]
    assert expected is function.get("strict")
    assert "strict" not in written_tool(Tool("f"))["function"]


def test_a_grammar_lies_one_level_deeper_than_elsewhere() -> None:
    grammar = {"syntax": "regex", "definition": "a+"}
    custom = {"name": "g", "format": {"type": "grammar", "grammar": grammar}}
    assert {"type": "custom", "custom": custom} == written_tool(
        Tool("g", custom=True, grammar=grammar)
    )
    assert {"name": "g"} == written_tool(Tool("g", custom=True))["custom"]


F, G = {"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "g"}}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice("auto"), "auto"),
        (ToolChoice("required", ("f",)), F),
        (ToolChoice("required", ("g",)), G),
        (
            ToolChoice("required", ("f", "g")),
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [F, G]}},
        ),
        (
            ToolChoice("auto", ("f",)),
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [F]}},
        ),
    ],
)
def test_a_choice(choice: ToolChoice, expected: Any) -> None:
    assert expected == written_choice(choice, {"g"})
