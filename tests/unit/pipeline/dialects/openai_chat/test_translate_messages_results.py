"""What tools gave back to other dialects' clients, as this dialect's vendors take them."""

from typing import Any

import pytest

from llm_proxy.pipeline.dialects.turns import NO_RESULT
from llm_proxy.pipeline.parts import (
    Document,
    Image,
    Media,
    OpaquePart,
    Text,
    ToolCall,
    ToolResult,
)
from tests.unit.pipeline.dialects.openai_chat.translated import (
    messages_of,
    said,
)

IMAGE = Image(Media("image/png", data="AAAA"))
PDF = Document(Media("application/pdf", data="JVBERi0="), "a.pdf")
WIRE_IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
WIRE_PDF = {
    "type": "file",
    "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"},
}
CALL = ToolCall("1", "f", '{"x":1}')


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def results(*made: ToolResult, **traits: Any) -> Any:
    """The messages behind the turn of a call `1` and a call `2`."""
    calls = said("assistant", CALL, ToolCall("2", "g", "{}"))
    return messages_of(calls, said("user", *made, "next"), **traits)[1:]


def result(*parts: Any, id_: str = "1", **more: Any) -> ToolResult:
    return ToolResult(id_, parts, **more)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (result(Text("4")), "4"),
        (result(Text("4"), Text("5")), "4\n\n5"),
        (result(), ""),
        (result(Text("4"), is_error=True), "Error: 4"),
        (result(Text("Error: 4"), is_error=True), "Error: 4"),
        (result(is_error=True), "Error: "),
        (result(Document(Media("text/plain", data="aGk="))), "hi"),
        (
            result(OpaquePart({"type": "tool_reference", "tool_name": "x"})),
            '{"type":"tool_reference","tool_name":"x"}',
        ),
    ],
)
def test_what_a_tool_gave_back(made: ToolResult, expected: str) -> None:
    first, second, last = results(made, result(Text("5"), id_="2"))
    assert {"role": "tool", "tool_call_id": "1", "content": expected} == first
    assert {"role": "tool", "tool_call_id": "2", "content": "5"} == second
    assert {"role": "user", "content": "next"} == last


def test_a_result_that_is_missing_is_said_to_be() -> None:
    _, second, _ = results(result(Text("4")))
    expected = {"role": "tool", "tool_call_id": "2", "content": f"Error: {NO_RESULT}"}
    assert expected == second


def test_a_picture_that_a_tool_gave_back_is_shown_by_the_user_behind_all_results() -> None:
    first, second, last = results(result(Text("4"), IMAGE), result(PDF, id_="2"))
    assert "4\n\n[image: see the next message of the user]" == first["content"]
    assert "[document: see the next message of the user]" == second["content"]
    expected = [
        text("The image that the call 1 gave back:"),
        WIRE_IMAGE,
        text("The document that the call 2 gave back:"),
        WIRE_PDF,
        text("next"),
    ]
    assert expected == last["content"]
