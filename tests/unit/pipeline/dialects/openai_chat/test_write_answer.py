import json
import re
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from llm_proxy.pipeline.dialects.openai_chat.write_answer import ChunkWriter, write_completion
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from tests.unit.pipeline.dialects.openai_chat.chunks import chunks_in, read
from tests.unit.pipeline.dialects.openai_chat.json_values import texts

START = Start("c1", "m", 5)
USAGE = Usage(9, 5, 3, 2)
WIRE_USAGE = {
    "prompt_tokens": 9,
    "completion_tokens": 5,
    "total_tokens": 14,
    "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 2},
}

contents = st.lists(
    st.one_of(
        texts.filter(bool).map(TextDelta),
        texts.filter(bool).map(ReasoningDelta),
        st.just(KeepAlive()),
        st.just(Opaque()),
    ),
    max_size=5,
)
calls = st.lists(st.lists(texts.filter(bool), max_size=3), max_size=3).map(
    lambda arguments: [
        event
        for index, pieces in enumerate(arguments)
        for event in [
            ToolCallStart(index, f"call_{index}", f"f{index}"),
            *(ToolCallDelta(index, piece) for piece in pieces),
            ToolCallEnd(index),
        ]
    ]
)
answers = st.tuples(contents, calls, st.sampled_from([[], [USAGE]])).map(
    lambda parts: [
        START,
        *parts[0],
        *parts[1],
        Finish("tool_calls" if parts[1] else "length"),
        *parts[2],
        End(),
    ]
)


def stream(events: Sequence[Event], *, wants_usage: bool = True) -> bytes:
    return ChunkWriter(wants_usage=wants_usage).write(events)


def deltas(events: Sequence[Event]) -> list[Any]:
    return [chunk["choices"][0]["delta"] for chunk in chunks_in(stream(events))]


def whole(*events: Event) -> Any:
    return json.loads(write_completion([START, *events, End()]))


def message(*events: Event) -> Any:
    return whole(*events, Finish("stop"))["choices"][0]["message"]


def meaning(events: Sequence[Event]) -> dict[str, Any]:
    """What an answer says, however it is cut into events."""
    called = [event for event in events if isinstance(event, ToolCallStart)]
    return {
        "text": "".join(e.text for e in events if isinstance(e, TextDelta)),
        "reasoning": "".join(e.text for e in events if isinstance(e, ReasoningDelta)),
        "calls": [(call.index, call.id, call.name) for call in called],
        "arguments": [
            "".join(e.arguments for e in events if isinstance(e, ToolCallDelta) and e.index == n)
            or "{}"
            for n in range(len(called))
        ],
        "ends": [event.index for event in events if isinstance(event, ToolCallEnd)],
        "finish": [event.reason for event in events if isinstance(event, Finish)],
        "usage": [(e.input_tokens, e.output_tokens) for e in events if isinstance(e, Usage)],
        "last": type(events[-1]),
    }


@given(answers)
def test_chunks_are_what_the_sdk_takes_and_mean_the_same_when_read(events: list[Event]) -> None:
    sent = stream(events)
    for chunk in chunks_in(sent):
        ChatCompletionChunk.model_validate(chunk)
    assert {("c1", 5, "m")} == {(c["id"], c["created"], c["model"]) for c in chunks_in(sent)}
    assert meaning(events) == meaning(read([sent]))


@given(answers)
def test_completions_are_what_the_sdk_takes(events: list[Event]) -> None:
    sent = ChatCompletion.model_validate_json(write_completion(events))
    expected = meaning(events)
    assert expected["text"] == (sent.choices[0].message.content or "")
    assert expected["reasoning"] == getattr(sent.choices[0].message, "reasoning_content", "")
    assert expected["finish"] == [sent.choices[0].finish_reason]
    assert expected["arguments"] == [
        call.function.arguments
        for call in sent.choices[0].message.tool_calls or []
        if call.type == "function"
    ]


def test_the_role_is_said_once_and_first() -> None:
    expected = [{"role": "assistant", "content": "a"}, {"content": "b"}, {}]
    assert expected == deltas([START, TextDelta("a"), TextDelta("b"), Finish("stop"), End()])


def test_an_empty_answer_has_a_role_too() -> None:
    assert [{"role": "assistant", "content": ""}] == deltas([START, Finish("stop"), End()])


def test_reasoning_comes_before_content() -> None:
    expected = [
        {"role": "assistant", "content": None, "reasoning_content": "r"},
        {"content": "a"},
    ]
    assert expected == deltas([START, ReasoningDelta("r"), TextDelta("a")])


def call(index: int, arguments: str, **more: Any) -> dict[str, Any]:
    return {"index": index, **more, "function": {"arguments": arguments}}


def test_id_and_name_of_a_call_are_sent_once() -> None:
    events = [
        START,
        TextDelta("a"),
        ToolCallStart(0, "1", "f"),
        ToolCallDelta(0, "{"),
        ToolCallDelta(0, "}"),
    ]
    first = {"index": 0, "id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}
    expected = [
        {"tool_calls": [first]},
        {"tool_calls": [call(0, "{")]},
        {"tool_calls": [call(0, "}")]},
    ]
    assert expected == deltas([*events, ToolCallEnd(0)])[1:]


def test_a_call_without_arguments_gets_an_empty_object() -> None:
    sent = deltas([START, ToolCallStart(0, "1", "f"), ToolCallEnd(0), ToolCallEnd(0)])
    assert {"tool_calls": [call(0, "{}")]} == sent[1]
    (made,) = message(ToolCallStart(0, "1", "f"), ToolCallEnd(0))["tool_calls"]
    assert {"name": "f", "arguments": "{}"} == made["function"]


def test_interleaved_calls_keep_their_arguments_apart() -> None:
    opened: list[Event] = [ToolCallStart(0, "1", "f"), ToolCallStart(1, "2", "g")]
    pieces = [ToolCallDelta(0, "a"), ToolCallDelta(1, "b"), ToolCallDelta(0, "c")]
    made = message(*opened, *pieces)["tool_calls"]
    assert ["ac", "b"] == [each["function"]["arguments"] for each in made]


def test_usage_is_a_chunk_without_choices_for_whom_asked() -> None:
    (chunk,) = chunks_in(stream([START, USAGE, End()]))
    assert ([], WIRE_USAGE) == (chunk["choices"], chunk["usage"])
    assert b"data: [DONE]\n\n" == stream([START, USAGE, End()], wants_usage=False)
    assert WIRE_USAGE == whole(USAGE, Finish("stop"))["usage"]


def test_usage_told_several_times_is_written_once_at_the_end() -> None:
    events = [START, Usage(9, 1), TextDelta("a"), Finish("stop"), USAGE, End()]
    *content, last = chunks_in(stream(events))
    assert all("usage" not in chunk for chunk in content)
    assert WIRE_USAGE == last["usage"]
    assert WIRE_USAGE == whole(Usage(9, 1), USAGE, Finish("stop"))["usage"]


def test_an_answer_without_usage_has_none() -> None:
    assert "usage" not in whole(Finish("stop"))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (End(), b"data: [DONE]\n\n"),
        (KeepAlive(), b": keep-alive\n\n"),
        (Opaque(), b""),
        (START, b""),
        (ToolCallEnd(0), b""),
    ],
)
def test_what_is_written_for_an_event(event: Event, expected: bytes) -> None:
    assert expected == stream([event])


def test_a_failure_is_an_error_and_the_end() -> None:
    error = {"message": "it broke", "type": "server_error", "param": None, "code": None}
    sent = stream([Failure(UpstreamBroken("it broke"))])
    assert [{"error": error}] == chunks_in(sent)
    assert (1, True) == (sent.count(b"data:"), sent.endswith(b"}\n\n"))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([TextDelta("a"), TextDelta("b")], {"content": "ab"}),
        ([], {"content": ""}),
        ([ReasoningDelta("r")], {"content": "", "reasoning_content": "r"}),
        ([ReasoningDelta("r"), TextDelta("a")], {"content": "a", "reasoning_content": "r"}),
    ],
)
def test_the_message_of_a_whole_answer(events: list[Event], expected: dict[str, Any]) -> None:
    assert {"role": "assistant", "refusal": None, **expected} == message(*events)


def test_a_message_of_calls_alone_has_no_content() -> None:
    made = message(ToolCallStart(0, "1", "f"), ToolCallDelta(0, "{}"), ToolCallEnd(0))
    function = {"name": "f", "arguments": "{}"}
    assert None is made["content"]
    assert [{"id": "1", "type": "function", "function": function}] == made["tool_calls"]


def test_an_answer_without_a_finish_is_broken() -> None:
    with pytest.raises(UpstreamBroken, match="has no finish"):
        write_completion([START, TextDelta("a"), End()])


@pytest.mark.parametrize("start", [[], [Start("", "m", 5)]])
def test_an_answer_without_an_id_gets_one(start: list[Event]) -> None:
    chunks = chunks_in(stream([*start, TextDelta("a"), Finish("stop")]))
    assert 1 == len({chunk["id"] for chunk in chunks})
    sent = json.loads(write_completion([*start, Finish("stop"), End()]))
    for id_ in (chunks[0]["id"], sent["id"]):
        assert re.fullmatch("chatcmpl-[0-9a-f]{32}", id_)
    assert abs(time.time() - chunks[0]["created"]) < 60
