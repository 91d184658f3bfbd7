"""The typed view of a request."""

from llm_proxy.pipeline.parts import OpaquePart, Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import ChatRequest, Message, Tool


def test_the_text_of_a_message_is_its_own_text_alone() -> None:
    parts = (
        Text("a"),
        OpaquePart({"type": "image"}),
        ToolResult("1", (Text("not this"),)),
        ToolCall("1", "f", "{}"),
        Text("b"),
    )
    assert "ab" == Message("user", parts).text
    assert "" == Message("assistant", ()).text


def test_other_parts_mark_a_copy_as_touched_and_keep_its_origin() -> None:
    origin = {"role": "user", "content": "a", "x": 1}
    first = Message("user", (Text("a"),), origin)
    assert Message("user", (Text("b"),), origin, touched=True) == first.with_parts([Text("b")])
    assert Message("user", (Text("a"),), origin, touched=False) == first


def test_a_setting_is_changed_in_a_copy() -> None:
    first = ChatRequest("m", (), params={"seed": 1})
    assert {"seed": 2} == first.with_param("seed", 2).params
    assert {"seed": 1, "top_k": 3} == first.with_param("top_k", 3).params
    assert {"seed": 1} == first.params


def test_a_setting_is_left_out_in_a_copy() -> None:
    first = ChatRequest("m", (), params={"seed": 1, "top_k": 3})
    assert {"top_k": 3} == first.without_param("seed").params
    assert first == first.without_param("temperature")
    assert {"seed": 1, "top_k": 3} == first.params


def test_requests_and_tools_share_no_default() -> None:
    assert ChatRequest("m", ()).params is not ChatRequest("m", ()).params
    assert Tool("f").parameters is not Tool("f").parameters
