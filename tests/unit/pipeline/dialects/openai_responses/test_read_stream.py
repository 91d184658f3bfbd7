import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.openai_responses.read_stream import EventReader
from llm_proxy.pipeline.dialects.openai_responses.write_stream import EventWriter
from llm_proxy.pipeline.errors import UpstreamRateLimited
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
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
from tests.unit.pipeline.dialects.openai_chat import json_values
from tests.unit.pipeline.dialects.openai_responses.wire import (
    OUTPUT,
    STREAM,
    bare,
    frame,
    frames,
    read,
    request,
    response,
)

CREATED = frame("response.created", 0, response=response([], "in_progress"))
ENDED = frame("response.completed", 9, response=response([]))
START = Start("resp_1", "m", 5)
USED = Usage(130, 30, 100, 12, cache_write_tokens=20)


def said(*raw: bytes) -> list[Event]:
    """What is between the start and the end, without what is opaque."""
    events = bare(read([CREATED, *raw, ENDED]))
    assert START == events[0]
    assert isinstance(events[-1], End)
    return [e for e in events[1:-3] if not isinstance(e, Opaque)]


def added(index: int, **item: Any) -> bytes:
    return frame("response.output_item.added", 1, output_index=index, item=item)


def done(index: int, **item: Any) -> bytes:
    return frame("response.output_item.done", 1, output_index=index, item=item)


CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f"}


def arguments(index: int, text: str) -> bytes:
    return frame("response.function_call_arguments.delta", 1, output_index=index, delta=text)


def test_a_whole_stream() -> None:
    events = [event for event in bare(read([STREAM])) if not isinstance(event, Opaque)]
    block = {name: value for name, value in OUTPUT[0].items() if name != "status"}
    assert [
        START,
        *(ReasoningDelta(text) for text in ("pla", "n", "\n\nmor", "e")),
        ReasoningState(Seal("openai_responses", block, "v")),
        *(TextDelta(text) for text in ("Hi ", "you")),
        ToolCallStart(0, "call_2", "w"),
        *(ToolCallDelta(0, text) for text in ('{"c', '":2', "}")),
        ToolCallEnd(0),
        USED,
        Finish("tool_calls"),
        End(),
    ] == events


def test_arguments_only_when_they_are_done() -> None:
    whole = frame("response.function_call_arguments.done", 1, output_index=0, arguments='{"a":1}')
    expected = [ToolCallStart(0, "c1", "f"), ToolCallDelta(0, '{"a":1}'), ToolCallEnd(0)]
    assert expected == said(added(0, **CALL), whole, done(0, **CALL, arguments='{"a":1}'))
    assert expected == said(added(0, **CALL), done(0, **CALL, arguments='{"a":1}'))
    assert expected == said(done(0, **CALL, arguments={"a": 1}))


def test_the_rest_of_arguments_that_came_in_part() -> None:
    events = said(added(0, **CALL), arguments(0, '{"a"'), done(0, **CALL, arguments='{"a":1}'))
    assert [ToolCallDelta(0, '{"a"'), ToolCallDelta(0, ":1}")] == events[1:3]


def test_mixed_calls_keep_their_numbers() -> None:
    other = {**CALL, "call_id": "c2", "name": "g"}
    events = said(
        added(3, **CALL), added(5, **other), arguments(5, "b"), arguments(3, "a"), done(5, **other)
    )
    assert [
        ToolCallStart(0, "c1", "f"),
        ToolCallStart(1, "c2", "g"),
        ToolCallDelta(1, "b"),
        ToolCallDelta(0, "a"),
        ToolCallEnd(1),
        ToolCallEnd(0),
    ] == events


def test_a_custom_call() -> None:
    item = {"type": "custom_tool_call", "call_id": "c", "name": "p"}
    delta = frame("response.custom_tool_call_input.delta", 1, output_index=0, delta="x")
    events = said(added(0, **item), delta, done(0, **item, input="xy"))
    assert [ToolCallStart(0, "c", "p", custom=True), ToolCallDelta(0, "x")] == events[:2]
    assert [ToolCallDelta(0, "y"), ToolCallEnd(0)] == events[2:]


def test_a_call_in_a_group_has_a_whole_name() -> None:
    assert ToolCallStart(0, "c1", "ns__f") == said(added(0, **CALL, namespace="ns"))[0]


def test_content_told_at_the_end_alone() -> None:
    events = bare(read([CREATED, frame("response.completed", 1, response=response())]))
    kinds = [type(event) for event in events]
    spoken = [ReasoningDelta, ReasoningState, TextDelta, ToolCallStart, ToolCallDelta, ToolCallEnd]
    assert [Start, *spoken, Usage, Finish, End] == kinds
    assert bare(read([frame("response.completed", 1, response=response())])) == events


def test_places_left_out_of_the_final_output_bring_nothing_twice() -> None:
    item = {"type": "message", "id": "m1", "content": [{"type": "output_text", "text": "Hi"}]}
    ended = frame("response.completed", 9, response=response([item]))
    events = read([CREATED, done(2, **item), ended])
    assert ["Hi"] == [event.text for event in events if isinstance(event, TextDelta)]


def test_a_refusal() -> None:
    piece = frame("response.refusal.delta", 1, output_index=0, content_index=0, delta="no")
    whole = frame("response.refusal.done", 2, output_index=0, content_index=0, refusal="no!")
    assert [RefusalDelta("no"), RefusalDelta("!")] == said(piece, whole)


def test_raw_reasoning() -> None:
    piece = frame("response.reasoning_text.delta", 1, output_index=0, content_index=0, delta="a")
    assert [ReasoningDelta("a")] == said(piece)


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"reason": "max_output_tokens"}, "length"),
        ({"reason": "content_filter"}, "content_filter"),
        (None, "length"),
        ({"reason": "steered"}, "stop"),
    ],
)
def test_an_incomplete_answer(details: Any, reason: str) -> None:
    fields = response([], "incomplete", incomplete_details=details)
    events = read([CREATED, frame("response.incomplete", 1, response=fields)])
    assert [reason] == [event.reason for event in events if isinstance(event, Finish)]


RATE = {"code": "rate_limit_exceeded", "message": "slow"}


@pytest.mark.parametrize(
    "raw",
    [
        frame("response.failed", 1, response=response([], "failed", error=RATE)),
        frame("error", 1, **RATE, param=None),
        frame("error", 1, error=RATE),
        frame("error", 1, **{**RATE, "message": "x"}, error=RATE),
        b'data: {"error": {"code": "rate_limit_exceeded", "message": "slow"}}\n\n',
    ],
)
def test_a_failure_ends_the_answer(raw: bytes) -> None:
    *_, last = read([CREATED, raw, ENDED])
    assert isinstance(last, Failure)
    assert isinstance(last.error, UpstreamRateLimited)


@pytest.mark.parametrize(
    "stream", [b"", CREATED, b"".join(frames()[:-1]), CREATED + b"data: [DONE]\n\n"]
)
def test_a_stream_that_is_cut_short_fails(stream: bytes) -> None:
    *_, last = read([stream])
    assert isinstance(last, Failure)


def test_what_follows_the_end_is_not_read() -> None:
    assert bare(read([STREAM])) == bare(read([STREAM, b"data: [DONE]\n\n"]))


def test_comments_and_unknown_events() -> None:
    events = read(
        [CREATED, b": ping\n\n", b"event: x\n\n", frame("x.y", 1), added(0, type="mcp_call")]
    )
    ping, empty, unknown, hosted = events[1:-1]
    assert isinstance(ping, KeepAlive)
    assert ping.frame is not None
    assert KeepAlive() == empty
    assert isinstance(unknown, Opaque)
    assert "" == unknown.content
    assert isinstance(hosted, Opaque)
    assert "mcp_call" == hosted.content


def any_json(*names: str) -> dict[str, st.SearchStrategy[Any]]:
    return dict.fromkeys(names, json_values.values)


KINDS = st.sampled_from(
    [
        "response.created",
        "response.content_part.added",
        "response.content_part.done",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_text.delta",
        "response.output_text.done",
        "response.reasoning_summary_text.delta",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.custom_tool_call_input.done",
        "response.completed",
        "response.failed",
        "error",
    ]
)
items = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "reasoning", "function_call", "custom_tool_call", "x"])},
    optional=any_json("id", "call_id", "name", "arguments", "input", "content", "summary"),
)
responses = st.fixed_dictionaries(
    {},
    optional={
        "output": st.one_of(st.lists(items, max_size=2), json_values.values),
        **any_json("id", "model", "created_at", "usage", "error", "status"),
    },
)
garbage = st.lists(
    st.fixed_dictionaries(
        {"type": KINDS},
        optional={
            "item": st.one_of(items, json_values.values),
            "response": st.one_of(responses, json_values.values),
            "output_index": st.one_of(st.integers(0, 2), json_values.values),
            **any_json("delta", "text", "arguments", "content_index", "error", "code", "part"),
        },
    ),
    max_size=6,
)


@given(garbage)
def test_garbage_never_raises_and_always_ends_once(events: list[Any]) -> None:
    raw = [f"data: {json.dumps(one)}\n\n".encode() for one in events]
    got = read(raw)
    assert 1 == sum(isinstance(event, End | Failure) for event in got)
    assert isinstance(got[-1], End | Failure)


@given(garbage, st.integers(0, 8), st.booleans())
def test_garbage_is_relayed_or_gone_on_from(
    events: list[Any],
    where: int,
    relays: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    stream = b"".join(f"data: {json.dumps(one)}\n\n".encode() for one in events)
    got = read([stream])
    more = [] if relays else [TextDelta("a")]
    EventWriter(request()).write([*got[:where], *more, *got[where:]])


@pytest.mark.parametrize("raw", [b"data: [1]\n\n", b"data: {\n\n", b"event: a\ndata: {]}\n\n"])
def test_what_is_no_event_fails(raw: bytes) -> None:
    reader = EventReader("v")
    assert isinstance(reader.feed(raw)[-1], Failure)
    assert reader.ended
    assert [] == reader.feed(STREAM)
