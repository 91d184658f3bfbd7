import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.dialects.gemini.read_answer import AnswerReader, read_whole
from llm_proxy.pipeline.errors import ProxyError, UpstreamBroken, UpstreamRateLimited
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    KeepAlive,
    ReasoningDelta,
    ReasoningState,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Seal
from tests.unit.pipeline.dialects.cuts import cut, marks, single_bytes
from tests.unit.pipeline.dialects.gemini.bodies import bare, chunk, data, streamed
from tests.unit.pipeline.dialects.openai_chat import json_values

START = Start("r1", "g-1", 0)


USAGE = {"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 13}


CALL = {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}


FRAMES = [
    chunk({"text": "hm", "thought": True}),
    chunk({"text": "a\u2028é"}, usageMetadata=USAGE),
    chunk({"text": "b"}, usageMetadata=USAGE),
    chunk({"text": "c"}, usageMetadata=USAGE),
    chunk(CALL),
    chunk({"text": "", "thoughtSignature": "c2ln"}, reason="STOP", usageMetadata=USAGE),
]


STREAM = b"".join(map(data, FRAMES))


def whole(answer: object) -> list[Event]:
    return bare(read_whole(json.dumps(answer).encode(), "g"))


def of_kind(events: list[Event], kind: type[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in of_kind(events, TextDelta))


EVENTS: list[Event] = [
    START,
    ReasoningDelta("hm"),
    TextDelta("a\u2028é"),
    Usage(9, 4),
    TextDelta("b"),
    Usage(9, 4),
    TextDelta("c"),
    Usage(9, 4),
    ReasoningState(Seal("gemini", {"thoughtSignature": "c2ln"}, "g", "c1")),
    ToolCallStart(0, "c1", "f"),
    ToolCallDelta(0, '{"a":1}'),
    ToolCallEnd(0),
    ReasoningState(Seal("gemini", {"thoughtSignature": "c2ln"}, "g")),
    Finish("tool_calls"),
    Usage(9, 4),
    End(),
]


def without_repeats(events: list[Event]) -> list[Event]:
    """Counts that are told again with every chunk say nothing new."""
    last = max(n for n, event in enumerate(events) if isinstance(event, Usage))
    kept = [e for n, e in enumerate(events) if n == last or not isinstance(e, Usage)]
    merged: list[Event] = []
    for event in kept:
        if isinstance(event, TextDelta) and merged and isinstance(merged[-1], TextDelta):
            merged[-1] = TextDelta(merged[-1].text + event.text)
        else:
            merged.append(event)
    return merged


@given(marks)
def test_a_stream_is_read_the_same_however_cut(at: list[int]) -> None:
    assert without_repeats(EVENTS) == without_repeats(bare(streamed(cut(STREAM, at))))


def test_a_stream_is_read_the_same_byte_by_byte() -> None:
    assert without_repeats(EVENTS) == without_repeats(bare(streamed(single_bytes(STREAM))))


def test_a_run_of_text_becomes_one_event() -> None:
    reader = AnswerReader("g")
    reader.feed(b"".join(map(data, FRAMES[:2])))
    (event,) = reader.feed(data(FRAMES[2]) + data(FRAMES[3]))
    assert TextDelta("bc", event.frame) == event
    assert event.frame is not None
    assert data(FRAMES[2]) + data(FRAMES[3]) == event.frame.raw


@given(marks)
def test_lines_may_end_with_cr_and_lf(at: list[int]) -> None:
    stream = STREAM.replace(b"\n", b"\r\n")
    assert without_repeats(EVENTS) == without_repeats(bare(streamed(cut(stream, at))))


@given(marks, st.sampled_from(["[%s]", "[%s\n]", " [%s]\n"]), st.sampled_from([None, 2]))
def test_a_list_is_read_as_a_stream(at: list[int], form: str, indent: int | None) -> None:
    body = form % "\n,\r\n".join(json.dumps(frame, indent=indent) for frame in FRAMES)
    events = bare(streamed(cut(body.encode(), at)))
    said = [event for event in events if not isinstance(event, KeepAlive)]
    assert without_repeats(EVENTS) == without_repeats(said)


def test_a_whole_list_is_read_as_a_stream() -> None:
    assert without_repeats(EVENTS) == without_repeats(whole(FRAMES))


def test_a_whole_answer_in_order() -> None:
    answer = chunk(
        {"text": "hm", "thought": True}, {"text": "hi"}, CALL, reason="STOP", usageMetadata=USAGE
    )
    assert [
        START,
        ReasoningDelta("hm"),
        TextDelta("hi"),
        ReasoningState(Seal("gemini", {"thoughtSignature": "c2ln"}, "g", "c1")),
        ToolCallStart(0, "c1", "f"),
        ToolCallDelta(0, '{"a":1}'),
        ToolCallEnd(0),
        Finish("tool_calls"),
        Usage(9, 4),
        End(),
    ] == whole(answer)


def test_a_reason_in_every_chunk_counts_in_the_last_with_content() -> None:
    frames = [chunk({"text": text}, reason="STOP") for text in "abc"]
    events = bare(streamed([*map(data, frames), data({"usageMetadata": USAGE})]))
    assert "abc" == text_of(events)
    assert [Finish("stop"), Usage(9, 4), End()] == events[-3:]
    assert 1 == len(of_kind(events, Finish))


def test_nothing_is_said_after_the_end() -> None:
    frames = [chunk({"text": "a"}, reason="STOP"), {"usageMetadata": USAGE}, chunk({"text": "b"})]
    events = streamed(map(data, frames))
    assert "a" == text_of(events)
    assert isinstance(events[-1], End)


ERROR = {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}


@pytest.mark.parametrize(
    "body",
    [
        data(ERROR),
        b"[" + json.dumps(ERROR).encode() + b"]",
        data([ERROR]),
        json.dumps(ERROR).encode(),
    ],
)
def test_an_error_in_a_stream(body: bytes) -> None:
    (event,) = [e for e in streamed([body]) if not isinstance(e, KeepAlive)]
    assert isinstance(event, Failure)
    assert isinstance(event.error, UpstreamRateLimited)


def test_an_error_behind_a_text() -> None:
    events = streamed([data(FRAMES[1]), data(ERROR), data(FRAMES[2])])
    assert [Start, TextDelta, Usage, Failure] == [type(event) for event in events]


@pytest.mark.parametrize("error", [ERROR, [ERROR]])
def test_an_error_in_place_of_a_whole_answer(error: object) -> None:
    with pytest.raises(UpstreamRateLimited, match="slow"):
        whole(error)


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        data(FRAMES[1]),
        data(FRAMES[1])[:-20],
        b"[" + json.dumps(FRAMES[1]).encode(),
        b"nonsense",
        b"data: nonsense\n\n",
        b"data: 7\n\n",
        b"[7]",
        b'[{"a":',
        data({"x": 1}),
        b"data: [DONE]\n\n",
    ],
)
def test_a_stream_that_is_cut_short_or_garbage_fails(stream: bytes) -> None:
    events = streamed([stream])
    assert isinstance(events[-1], Failure)
    assert not of_kind(events, End)


@pytest.mark.parametrize(
    "body", [b"", b"x", b"7", b"[]", b"[7]", b"{}", b'{"candidates":[]}', b'{"candidates":{}}']
)
def test_a_whole_answer_that_is_none(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        read_whole(body)


def test_comments_and_done_do_not_reach_a_client() -> None:
    events = streamed([b": ping\n\n", data(FRAMES[1]), data(FRAMES[5]), b"data: [DONE]\n\n"])
    assert all(event.frame is None for event in of_kind(events, KeepAlive))
    assert isinstance(events[-1], End)


@given(json_values.values)
def test_any_json_is_read_or_refused(value: Any) -> None:
    for answer in (
        value,
        {"candidates": value},
        {"candidates": [value]},
        chunk(value, reason="STOP"),
    ):
        with suppress(ProxyError):
            Gemini().read_whole(json.dumps(answer).encode())
        assert isinstance(streamed([data(answer)])[-1], End | Failure)


@given(st.binary(max_size=60), marks)
def test_any_bytes_are_read_or_refused(garbage: bytes, at: list[int]) -> None:
    assert isinstance(streamed(cut(garbage, at))[-1], End | Failure)
