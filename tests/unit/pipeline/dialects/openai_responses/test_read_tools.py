from typing import Any

import pytest

from llm_proxy.pipeline.dialects.openai_responses.read_tools import read_choice, read_tools
from llm_proxy.pipeline.request import Tool, ToolChoice
from tests.unit.pipeline.dialects.openai_responses.wire import CUSTOM, FUNCTION, GROUP, SEARCH

TOOLS = read_tools([FUNCTION, CUSTOM, GROUP, SEARCH])


def test_tools() -> None:
    schema = {"type": "object"}
    grammar = {"syntax": "lark", "definition": "start: /x/"}
    assert (
        Tool("f", schema, strict=False, origin=FUNCTION),
        Tool("patch", custom=True, grammar=grammar, origin=CUSTOM),
        Tool("ns__inner", schema, namespace="ns", origin=GROUP["tools"][0]),
        Tool("web_search", hosted=True, origin=SEARCH),
    ) == TOOLS


@pytest.mark.parametrize(
    ("wire", "choice"),
    [
        ("auto", ToolChoice("auto")),
        ("none", ToolChoice("none")),
        ("required", ToolChoice("required")),
        ({"type": "function", "name": "f"}, ToolChoice("required", ("f",))),
        ({"type": "custom", "name": "patch"}, ToolChoice("required", ("patch",))),
        ({"type": "function", "name": "inner"}, ToolChoice("required", ("ns__inner",))),
        ({"type": "web_search_preview"}, ToolChoice("required", ("web_search",))),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [FUNCTION, SEARCH]},
            ToolChoice("auto", ("f", "web_search")),
        ),
        ({"type": "allowed_tools", "mode": "required"}, ToolChoice("required")),
        (None, None),
        (1, None),
        ({}, None),
    ],
)
def test_choices(wire: Any, choice: ToolChoice | None) -> None:
    assert choice == read_choice(wire, TOOLS)
