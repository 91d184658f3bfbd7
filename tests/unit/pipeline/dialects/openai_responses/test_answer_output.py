from llm_proxy.pipeline.dialects.openai_responses.answer_items import Foreign, Spoken
from llm_proxy.pipeline.dialects.openai_responses.answer_output import Output
from llm_proxy.pipeline.dialects.openai_responses.namespaces import Namespaces
from llm_proxy.pipeline.events import (
    Event,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)


def kinds(output: Output, *events: Event) -> list[str]:
    return [kind for event in events for kind, _ in output.write(event)]


def test_another_kind_closes_what_was_said_before() -> None:
    output = Output(Namespaces(()))
    kinds(output, ReasoningDelta("a"), TextDelta("b"))
    assert ["reasoning"] == [item["type"] for item in output.items]
    list(output.close())
    assert ["reasoning", "message"] == [item["type"] for item in output.items]


def test_empty_pieces_open_nothing() -> None:
    assert [] == kinds(Output(Namespaces(())), TextDelta(""), ReasoningDelta(""))


def test_pieces_of_unknown_calls_are_nothing() -> None:
    assert [] == kinds(Output(Namespaces(())), ToolCallDelta(3, "x"), ToolCallEnd(3))


def test_an_item_opened_elsewhere_is_gone_on_with() -> None:
    output = Output(Namespaces(()))
    output.adopt_done(0, {"type": "function_call"})
    output.adopt(Spoken(1, {"type": "message", "id": "m"}))
    assert 2 == output.next_index
    assert "response.content_part.added" == kinds(output, TextDelta("a"))[0]
    output.adopt(Foreign(2, {"type": "x"}))
    list(output.close())
    assert ["function_call", "message", "x"] == [item["type"] for item in output.items]


def test_a_vendors_id_is_used_once() -> None:
    output = Output(Namespaces(()))
    output.expect("message", "msg_1")
    kinds(output, TextDelta("a"), ToolCallStart(0, "c", "f"), TextDelta("b"))
    list(output.close())
    first, second = (item["id"] for item in output.items if item["type"] == "message")
    assert "msg_1" == first
    assert "msg_1" != second
