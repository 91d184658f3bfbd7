import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.seals import MARK, untag
from llm_proxy.pipeline.errors import BadRequest, UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    FinishReason,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    ReasoningState,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Seal
from tests.unit.pipeline.dialects.openai_responses.wire import (
    CUSTOM,
    FUNCTION,
    GROUP,
    USAGE,
    legal,
    request,
    sent,
    written,
)

START = Start("chatcmpl-1", "gpt", 7)
USED = Usage(130, 30, 100, 12, cache_write_tokens=20)
SEAL = Seal("anthropic_messages", {"thinking": "plan", "signature": "s"}, "v")


def native(id_: str) -> Seal:
    return Seal("openai_responses", {"type": "reasoning", "id": id_, "encrypted_content": "g"}, "v")


texts = st.text(min_size=1, max_size=5)
contents = st.lists(
    st.one_of(
        texts.map(TextDelta),
        texts.map(ReasoningDelta),
        texts.map(RefusalDelta),
        st.just(ReasoningState(SEAL)),
        st.uuids().map(lambda id_: ReasoningState(native(str(id_)))),
        st.just(KeepAlive()),
        st.just(Opaque()),
    ),
    max_size=8,
)


def call(number: int, *pieces: str, name: str = "f", custom: bool = False) -> list[Event]:
    deltas = [ToolCallDelta(number, piece) for piece in pieces]
    start = ToolCallStart(number, f"call_{number}", name, custom=custom)
    return [start, *deltas, ToolCallEnd(number)]


def end(reason: FinishReason = "stop") -> list[Event]:
    return [Finish(reason), USED, End()]


def final(*events: Event, **asked: Any) -> Any:
    stream = written([START, *events, *end()], request(stream=True, **asked))
    return legal(stream).model_dump(exclude_none=True)


@given(contents)
def test_every_answer_is_legal(events: list[Event]) -> None:
    stream = written([START, *events, *call(0, '{"a"', ":1}"), *call(1), *end("tool_calls")])
    response = legal(stream)
    assert response.output_text == "".join(e.text for e in events if isinstance(e, TextDelta))
    assert ['{"a":1}', "{}"] == [i.arguments for i in response.output if i.type == "function_call"]


def test_the_order_of_events_is_that_of_the_vendor() -> None:
    events = [ReasoningDelta("plan"), ReasoningState(SEAL), TextDelta("Hi"), *call(0, '{"c":2}')]
    stream = sent(written([START, *events, *end("tool_calls")]))
    assert [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.output_item.done",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ] == [event["type"] for event in stream]
    assert USAGE == stream[-1]["response"]["usage"]


def test_nothing_is_sent_before_the_first_content() -> None:
    assert b"" == written([START, Opaque(), Usage(1, 0)])
    assert b": keep-alive\n\n" == written([START, KeepAlive()])


def test_parallel_calls_that_come_mixed_keep_apart() -> None:
    mixed = [
        ToolCallStart(0, "a", "f"),
        ToolCallStart(1, "b", "g"),
        ToolCallDelta(1, '{"y":'),
        ToolCallDelta(0, '{"x":1}'),
        ToolCallDelta(1, "2}"),
        ToolCallEnd(0),
        ToolCallEnd(1),
    ]
    output = final(*mixed)["output"]
    assert [("a", '{"x":1}'), ("b", '{"y":2}')] == [(i["call_id"], i["arguments"]) for i in output]
    assert all(item["id"].startswith("fc_") for item in output)


def test_state_of_another_vendor_travels_as_a_tag() -> None:
    (item,) = final(ReasoningDelta("plan"), ReasoningState(SEAL))["output"]
    assert [{"type": "summary_text", "text": "plan"}] == item["summary"]
    assert [SEAL] == untag(item["encrypted_content"])


def test_state_without_reasoning_is_an_item_of_its_own() -> None:
    bound = Seal("gemini", {"s": 1}, "g", "call_0")
    state, function = final(ReasoningState(bound), *call(0))["output"]
    assert ("reasoning", []) == (state["type"], state["summary"])
    assert [bound] == untag(state["encrypted_content"])
    assert "function_call" == function["type"]


def test_two_blocks_of_reasoning_are_two_items() -> None:
    first, second = final(
        ReasoningDelta("a"), ReasoningState(SEAL), ReasoningDelta("b"), ReasoningState(SEAL)
    )["output"]
    assert ["a", "b"] == [item["summary"][0]["text"] for item in (first, second)]


def test_own_state_is_written_natively_under_its_id() -> None:
    *_, item = final(ReasoningDelta("a"), ReasoningState(native("rs_9")))["output"]
    assert ("rs_9", "g") == (item["id"], item["encrypted_content"])


def test_reasoning_without_state_has_no_tag() -> None:
    (item,) = final(ReasoningDelta("a"))["output"]
    assert MARK not in str(item)


def test_a_custom_tool_is_called_as_one() -> None:
    (item,) = final(*call(0, "x", "y", name="patch", custom=True), tools=[CUSTOM])["output"]
    assert ("custom_tool_call", "xy", "patch") == (item["type"], item["input"], item["name"])


def test_a_tool_of_a_group_is_called_in_it() -> None:
    (item,) = final(*call(0, name="ns__inner"), tools=[GROUP])["output"]
    assert ("inner", "ns") == (item["name"], item["namespace"])


def test_a_refusal_is_a_part() -> None:
    (item,) = final(RefusalDelta("no"))["output"]
    assert [{"type": "refusal", "refusal": "no"}] == item["content"]


@pytest.mark.parametrize(
    ("reason", "status", "cause"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("pause", "completed", None),
        ("length", "incomplete", "max_output_tokens"),
        ("context_full", "incomplete", "max_output_tokens"),
        ("content_filter", "incomplete", "content_filter"),
    ],
)
def test_why_it_ended(reason: FinishReason, status: str, cause: str | None) -> None:
    response = legal(written([START, TextDelta("a"), *end(reason)]))
    assert status == response.status
    assert cause == (response.incomplete_details and response.incomplete_details.reason)
    assert status == response.output[0].status  # type: ignore[union-attr]


def test_an_empty_answer_is_legal_and_has_counts() -> None:
    response = legal(written([START, Finish("stop"), End()]))
    assert [] == response.output
    assert 0 == response.usage.total_tokens  # type: ignore[union-attr]


def test_the_client_finds_what_it_asked_for() -> None:
    asked = {
        "instructions": "be brief",
        "tools": [FUNCTION, GROUP],
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": False,
        "temperature": 0.5,
        "metadata": {"a": "b"},
        "text": {"verbosity": "low"},
    }
    for event in sent(written([START, TextDelta("a"), *end()], request(**asked))):
        if "response" in event:
            assert asked == {name: event["response"][name] for name in asked}


def test_id_and_model_and_time_are_the_vendors() -> None:
    response = legal(written([START, TextDelta("a"), *end()]))
    assert ("resp_chatcmpl-1", "gpt", 7) == (response.id, response.model, response.created_at)


def test_an_answer_of_our_own_gets_an_id_and_a_time() -> None:
    response = legal(written([Start("", "m", 0), TextDelta("a"), *end()]))
    assert response.id.startswith("resp_")
    assert abs(time.time() - response.created_at) < 5


def test_an_error_at_once_is_flat_and_nested() -> None:
    (event,) = sent(written([START, Failure(BadRequest("no", param="x", code="c"))]))
    assert ("error", 0, "c", "no", "x") == tuple(
        event[name] for name in ("type", "sequence_number", "code", "message", "param")
    )
    assert "no" == event["error"]["message"]


def test_an_error_in_the_middle_is_a_failed_response() -> None:
    *_, last = sent(written([START, TextDelta("a"), Failure(UpstreamBroken("cut"))]))
    assert ("response.failed", "failed") == (last["type"], last["response"]["status"])
    assert {"code": "server_error", "message": "cut"} == last["response"]["error"]


def test_an_answer_without_a_finish_has_failed() -> None:
    *_, last = sent(written([START, TextDelta("a"), End()]))
    assert "response.failed" == last["type"]
