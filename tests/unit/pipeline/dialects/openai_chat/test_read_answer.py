from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import example, given

from llm_proxy.pipeline.dialects.openai_chat.formats import CHUNKS
from llm_proxy.pipeline.dialects.openai_chat.read_answer import ChunkReader, read_completion
from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    Frame,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from tests.unit.pipeline.dialects.cuts import cut, marks, single_bytes
from tests.unit.pipeline.dialects.openai_chat.chunks import (
    DONE,
    HEAD,
    OTHERS,
    STOP,
    TEXTS,
    chunks_in,
    data,
    delta,
    read,
    streams,
    text_by_json,
    text_of,
)

START = Start("c1", "m", 1)
FIRST = HEAD + b'{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'


def bare(events: list[Event]) -> list[Event]:
    return [replace(event, frame=None) for event in events]


def whole(message: object, reason: str | None = "stop", **more: Any) -> list[Event]:
    head = {"id": "c1", "model": "m", "created": 1}
    choices = [{"index": 0, "message": message, "finish_reason": reason}]
    return bare(read_completion(orjson.dumps({**head, "choices": choices, **more})))


def refusal_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, RefusalDelta))


@given(streams, marks)
@example([FIRST, *(TEXTS[0] % b for b in (b"a", b"\\\\", b'\\"')), STOP, DONE], [])
@example([FIRST, TEXTS[0] % b"a", TEXTS[2] % b"b", TEXTS[0] % b"c", STOP, DONE], [])
@example([FIRST, TEXTS[14] % b"a", TEXTS[14] % b"a", STOP, DONE], [])
def test_the_text_is_that_of_each_frame_parsed_alone(frames: list[bytes], at: list[int]) -> None:
    assert text_by_json(frames) == text_of(read(cut(b"".join(frames), at)))


@given(streams, marks)
@example([FIRST, *[TEXTS[15] % b"a"] * 2, *[TEXTS[16] % b"a"] * 2, STOP, DONE], [])
def test_no_finish_and_no_usage_is_lost_in_a_run(frames: list[bytes], at: list[int]) -> None:
    chunks = chunks_in(b"".join(frames))
    choices = [choice for chunk in chunks for choice in chunk.get("choices", [])]
    kinds = [type(event) for event in read(cut(b"".join(frames), at))]
    assert sum(bool(choice.get("finish_reason")) for choice in choices) == kinds.count(Finish)
    assert sum(bool(chunk.get("usage")) for chunk in chunks) == kinds.count(Usage)
    assert (1, 1) == (kinds.count(Start), kinds.count(End))


@given(streams, marks)
def test_tool_calls_are_the_same_however_cut(frames: list[bytes], at: list[int]) -> None:
    calls = [ToolCallStart(0, "a", ""), ToolCallEnd(0)] if OTHERS[6] in frames else []
    events = bare(read(cut(b"".join(frames), at)))
    assert calls == [e for e in events if isinstance(e, ToolCallStart | ToolCallEnd)]


@given(streams)
def test_the_text_survives_one_byte_at_a_time(frames: list[bytes]) -> None:
    assert text_by_json(frames) == text_of(read(single_bytes(b"".join(frames))))


@given(streams, marks)
def test_the_frames_of_the_events_are_all_the_bytes(frames: list[bytes], at: list[int]) -> None:
    stream = b"".join(frames)
    seen: list[Frame] = []
    for event in read(cut(stream, at)):
        assert event.frame is not None
        if not seen or event.frame is not seen[-1]:
            seen.append(event.frame)
    assert stream == b"".join(frame.raw for frame in seen)
    assert {CHUNKS} == {frame.format for frame in seen}


def test_a_run_of_text_becomes_one_event() -> None:
    reader = ChunkReader()
    reader.feed(FIRST + TEXTS[0] % b"a")
    block = TEXTS[0] % b"b" + TEXTS[0] % b"c"
    assert [TextDelta("bc", Frame(block, 1, CHUNKS))] == reader.feed(block)


def test_a_refusal_beside_empty_content_is_not_taken_for_a_run_of_empty_text() -> None:
    refusal = delta({"content": "", "refusal": "no "}).replace(b'": "', b'":"')
    events = read([FIRST, refusal, refusal, STOP])
    assert ("", "no no ") == (text_of(events), refusal_of(events))


def test_a_streamed_answer_in_order() -> None:
    stream = [
        FIRST,
        delta({"reasoning_content": "hm"}),
        delta({"content": "hi"}),
        delta({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f"}}]}),
        delta({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}),
        delta({}, "tool_calls"),
        data({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 5}}),
        DONE,
    ]
    expected: list[Event] = [
        START,
        ReasoningDelta("hm"),
        TextDelta("hi"),
        ToolCallStart(0, "a", "f"),
        ToolCallDelta(0, "{}"),
        ToolCallEnd(0),
        Finish("tool_calls"),
        Usage(9, 5),
        End(),
    ]
    assert expected == bare(read(stream))


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (delta({"reasoning": "r"}), [ReasoningDelta("r")]),
        (delta({"refusal": "no"}), [RefusalDelta("no")]),
        (delta({"content": "", "role": ""}), [Opaque()]),
        (delta(None), [Opaque()]),
        (data({"choices": []}), [Opaque()]),
        (data({"choices": None}), [Opaque()]),
        (data({"error": None, "choices": []}), [Opaque()]),
        (data({}), [Opaque()]),
        (delta({"annotations": []}), [Opaque()]),
        (delta({"annotations": [1]}), [Opaque(content="annotations")]),
        (delta({"content": "a", "audio": {"id": "x"}}), [Opaque(content="audio"), TextDelta("a")]),
        (delta({}, ""), [Opaque()]),
        (b": ping\n\n", [KeepAlive()]),
        (b"data:\n\n", [KeepAlive()]),
        (b"event: ping\n\n", [KeepAlive()]),
        (b'event: x\ndata: {"choices":[{"delta":\ndata: {"content":"a"}}]}\n\n', [TextDelta("a")]),
        (data({"choices": [], "usage": {"prompt_tokens": None}}), [Usage(0, 0)]),
        (data({"choices": [{"index": 1, "delta": {"content": "x"}}]}), [Opaque()]),
        (data({"choices": [{"index": 1, "finish_reason": "stop"}]}), [Opaque()]),
    ],
)
def test_what_a_frame_means(frame: bytes, expected: list[Event]) -> None:
    reader = ChunkReader()
    reader.feed(FIRST)
    assert expected == bare(reader.feed(frame))


REASONS = [
    ("stop", "stop"),
    ("length", "length"),
    ("tool_calls", "tool_calls"),
    ("function_call", "tool_calls"),
    ("content_filter", "content_filter"),
    ("sensitive", "content_filter"),
    ("model_context_window_exceeded", "context_full"),
    ("something_new", "stop"),
]


@pytest.mark.parametrize(("told", "expected"), REASONS)
def test_why_an_answer_finished(told: str, expected: Any) -> None:
    assert [Finish(expected), End()] == bare(read([FIRST, delta({}, told), DONE]))[-2:]
    assert [Finish(expected), End()] == whole({"content": "a"}, told)[-2:]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("END", Finish("stop", stop_sequence="END")),
        (128009, Finish("stop")),
        (None, Finish("stop")),
    ],
)
def test_the_sequence_that_stopped_it_where_it_is_told(told: object, expected: Finish) -> None:
    choice = {"index": 0, "delta": {}, "finish_reason": "stop", "stop_reason": told}
    assert expected in bare(read([FIRST, data({"choices": [choice]}), DONE]))


@pytest.mark.parametrize(("told", "expected"), [("stop", "tool_calls"), ("length", "length")])
def test_stop_after_a_tool_call_means_tool_calls(told: str, expected: Any) -> None:
    calls = {"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]}
    assert Finish(expected) in bare(read([FIRST, delta(calls), delta({}, told), DONE]))
    assert Finish(expected) in whole(calls, told)
