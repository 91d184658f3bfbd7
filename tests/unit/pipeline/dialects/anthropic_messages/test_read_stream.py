from typing import Any

import pytest
from hypothesis import given

from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME, STREAM
from llm_proxy.pipeline.errors import Kind, UpstreamBroken, UpstreamUnavailable
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    Frame,
    KeepAlive,
    Opaque,
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
from tests.unit.pipeline.dialects.anthropic_messages.frames import (
    CALLED,
    HEAD,
    PING,
    SAID,
    SERVED,
    TAIL,
    THOUGHT,
    bare,
    events_in,
    finished,
    frame,
    message_in,
    opened,
    piece,
    stopped,
    streams,
    text,
)
from tests.unit.pipeline.dialects.cuts import cut, marks, single_bytes

BEGUN = [Start("msg_1", "m", 0), Usage(30, 1, 5)]
SEAL = Seal(NAME, {"type": "thinking", "thinking": "hm", "signature": "Eq"}, "us")


def told(events: list[Event]) -> list[Event]:
    """What the events say, however the text is cut."""
    said: list[Event] = []
    for event in bare(events):
        if isinstance(event, TextDelta) and said and isinstance(said[-1], TextDelta):
            said[-1] = TextDelta(said[-1].text + event.text)
        else:
            said.append(event)
    return said


def middle(*frames: bytes) -> list[Event]:
    """The events of frames between the head and the finish."""
    return bare(events_in([HEAD, *frames, finished(), TAIL]))[len(BEGUN) : -3]


@given(streams(), marks)
def test_events_are_the_same_however_cut(frames: list[bytes], at: list[int]) -> None:
    assert told(events_in(frames)) == told(events_in(cut(b"".join(frames), at)))


@given(streams())
def test_events_are_the_same_byte_by_byte(frames: list[bytes]) -> None:
    assert told(events_in(frames)) == told(events_in(single_bytes(b"".join(frames))))


@given(streams(), marks)
def test_the_frames_of_the_events_are_all_the_bytes(frames: list[bytes], at: list[int]) -> None:
    stream = b"".join(frames)
    seen: list[Frame] = []
    for event in events_in(cut(stream, at)):
        assert event.frame is not None
        if not seen or event.frame is not seen[-1]:
            seen.append(event.frame)
    assert stream == b"".join(one.raw for one in seen)
    assert {STREAM} == {one.format for one in seen}


@given(streams())
def test_the_text_is_what_the_sdk_reads(frames: list[bytes]) -> None:
    stream = [one.replace(b"\r\n", b"\n") for one in frames]
    index = -1
    for number, one in enumerate(stream):  # the SDK counts blocks from 0 without a gap
        if b"content_block_start" in one:
            index += 1
        stream[number] = one.replace(b'"index":9', b'"index":%d' % index)
    blocks = message_in(b"".join(stream))["content"]
    expected = "".join(block["text"] for block in blocks if block["type"] == "text")
    events = events_in(stream)
    assert expected == "".join(event.text for event in events if isinstance(event, TextDelta))


def test_a_thought_a_text_and_a_call_in_order() -> None:
    stream = [HEAD, PING, *THOUGHT, *CALLED, finished("tool_use", input_tokens=40), TAIL]
    assert [
        *BEGUN,
        KeepAlive(),
        Opaque(),
        ReasoningDelta("hm"),
        ReasoningState(SEAL),
        Opaque(),
        ToolCallStart(0, "toolu_1", "f"),
        Opaque(),
        ToolCallDelta(0, '{"a"'),
        ToolCallDelta(0, ":1}"),
        ToolCallEnd(0),
        Usage(45, 15, 5),
        Finish("tool_calls"),
        End(),
    ] == bare(events_in(stream))


def test_counts_told_later_stand_for_those_told_before() -> None:
    usage = {"output_tokens": 30, "output_tokens_details": {"thinking_tokens": 12}}
    ends = [frame("message_delta", delta={}, usage={"cache_creation_input_tokens": 20, **usage})]
    events = bare(events_in([HEAD, *ends, finished(), TAIL]))
    second, third = Usage(50, 30, 5, 12, None, 20), Usage(50, 15, 5, 12, None, 20)
    assert [Usage(30, 1, 5), second, third] == [e for e in events if isinstance(e, Usage)]


def test_a_run_of_text_becomes_one_event() -> None:
    events = events_in([HEAD + SAID[0] + text(0, "a"), text(0, "b") + text(0, "c")])
    assert TextDelta("bc", Frame(text(0, "b") + text(0, "c"), 1, STREAM)) in events


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (SERVED[:1], [Opaque(content="server_tool_use")]),
        (SERVED[3:4], [Opaque(content="web_search_tool_result")]),
        (SERVED[5:], [Opaque()]),
        ([opened(0, "text", text="x")], [Opaque(), TextDelta("x")]),
        ([opened(0, "thinking", thinking="x")], [Opaque(), ReasoningDelta("x")]),
        ([piece(0, "citations_delta", citation={})], [Opaque(content="citations")]),
        ([piece(7, "text_delta", text="x")], [TextDelta("x")]),
        ([piece(7, "signature_delta", signature="x")], [Opaque()]),
        ([piece(7, "input_json_delta", partial_json="{}")], [Opaque()]),
        ([piece(0, "text_delta", text=None)], [Opaque()]),
        ([frame("content_block_delta", index=None, delta=[])], [Opaque()]),
        ([frame("content_block_start", index="0", content_block=None)], [Opaque()]),
        ([HEAD], [Opaque()]),
        ([b": comment\n\n"], [KeepAlive()]),
        ([b"event: ping\n\n"], [KeepAlive()]),
        ([b"data: [DONE]\n\n"], [KeepAlive()]),
        ([b'data: {"type":"ping"}\n\n'], [KeepAlive()]),
        ([b'data: {"type":["x"]}\n\n'], [Opaque()]),
        ([frame("message_delta", delta=None, usage=None)], [Opaque()]),
    ],
)
def test_what_a_frame_means(frames: list[bytes], expected: list[Event]) -> None:
    assert expected == middle(*frames)


def test_thought_that_nobody_may_see() -> None:
    block = {"type": "redacted_thinking", "data": "Eq"}
    state = ReasoningState(Seal(NAME, block, "us"))
    assert [state, Opaque()] == middle(opened(0, "redacted_thinking", data="Eq"), stopped(0))


def test_arguments_that_come_with_the_start_are_not_lost() -> None:
    events = middle(opened(0, "tool_use", id="a", name="f", input={"x": 1}), stopped(0))
    assert [ToolCallStart(0, "a", "f"), ToolCallDelta(0, '{"x":1}'), ToolCallEnd(0)] == events


def test_calls_without_an_id_get_each_their_own() -> None:
    events = middle(opened(0, "tool_use", name="f"), stopped(0), opened(1, "tool_use"), stopped(1))
    first, second = (event for event in events if isinstance(event, ToolCallStart))
    assert first.id != second.id
    assert (0, "f", 1, "") == (first.index, first.name, second.index, second.name)


def test_a_block_that_is_left_open_is_closed_before_the_finish() -> None:
    events = bare(events_in([HEAD, CALLED[0], finished("tool_use"), TAIL]))
    assert [ToolCallEnd(0), Usage(30, 15, 5), Finish("tool_calls"), End()] == events[-4:]


def test_the_reason_is_told_once() -> None:
    stream = [HEAD, *SAID, finished("max_tokens"), finished("end_turn"), TAIL]
    finishes = [e for e in bare(events_in(stream)) if isinstance(e, Finish)]
    assert [Finish("length")] == finishes


def test_a_goodbye_without_a_reason_is_a_natural_end() -> None:
    assert [Finish("stop"), End()] == bare(events_in([HEAD, *SAID, TAIL]))[-2:]


def test_only_the_goodbye_may_be_missing() -> None:
    assert [Finish("stop"), End()] == bare(events_in([HEAD, *SAID, finished()]))[-2:]


@pytest.mark.parametrize("most", range(len([HEAD, *SAID])))
def test_an_answer_that_is_cut_short_is_a_failure(most: int) -> None:
    *_, last = events_in([HEAD, *SAID][: most + 1])
    assert isinstance(last, Failure)
    assert isinstance(last.error, UpstreamBroken)


@pytest.mark.parametrize(
    "garbage",
    [b"data: {\n\n", b"event: x\ndata: []\n\n", b'data: "x"\n\n', TAIL, b"event: x\ndata: {\n\n"],
)
def test_garbage_is_a_failure(garbage: bytes) -> None:
    *_, last = events_in([garbage])
    assert isinstance(last, Failure)


def test_what_was_good_before_garbage_stays() -> None:
    events = bare(events_in([HEAD + SAID[0] + text(0, "a") + b"data: {\n\n" + text(0, "b")]))
    assert TextDelta("a") in events
    assert isinstance(events[-1], Failure)
    assert TextDelta("b") not in events


def test_an_error_in_the_stream_is_a_failure_and_nothing_follows() -> None:
    error = frame("error", error={"type": "overloaded_error", "message": "Overloaded"})
    *_, last = events_in([HEAD, *SAID, error, finished(), TAIL])
    assert isinstance(last, Failure)
    assert isinstance(last.error, UpstreamUnavailable)
    assert Kind.UNAVAILABLE is last.error.kind
    assert "Overloaded" == last.error.message


def test_a_nameless_error_is_a_failure_too() -> None:
    *_, last = events_in([HEAD, frame("error", error=None)])
    assert isinstance(last, Failure)


REASONS = [
    ("end_turn", "stop"),
    ("stop_sequence", "stop"),
    ("max_tokens", "length"),
    ("tool_use", "tool_calls"),
    ("pause_turn", "pause"),
    ("refusal", "content_filter"),
    ("model_context_window_exceeded", "context_full"),
    ("of_tomorrow", "stop"),
]


@pytest.mark.parametrize(("word", "expected"), REASONS)
def test_why_an_answer_finished(word: str, expected: Any) -> None:
    assert [Finish(expected), End()] == bare(events_in([HEAD, *SAID, finished(word), TAIL]))[-2:]


def test_a_refusal_does_not_make_its_text_one() -> None:
    assert [Opaque(), TextDelta("a")] == bare(events_in([HEAD, *SAID, finished("refusal")]))[2:4]
