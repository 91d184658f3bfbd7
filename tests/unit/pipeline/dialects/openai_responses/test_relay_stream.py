"""What no stage touched leaves in the vendor's bytes; what one did touch is written anew."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.openai_responses.write_stream import EventWriter
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    Opaque,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
)
from tests.support.well_formed import checked
from tests.unit.pipeline.dialects.cuts import cut, marks
from tests.unit.pipeline.dialects.openai_responses.wire import (
    OUTPUT,
    STREAM,
    bare,
    frame,
    frames,
    legal,
    read,
    request,
    sent,
    written,
)

HOSTED = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "q"},
}
SECOND = {**OUTPUT[1], "id": "msg_9", "content": [{**OUTPUT[1]["content"][0], "text": "bye"}]}
STOPS: list[Event] = [Finish("stop"), End()]
LONG = [OUTPUT[0], HOSTED, OUTPUT[1], OUTPUT[2], SECOND, {**OUTPUT[2], "id": "f3", "call_id": "c3"}]


@given(marks, st.booleans())
def test_a_stream_leaves_byte_for_byte(at: list[int], numbered: bool) -> None:  # noqa: FBT001 - drawn
    stream = b": ping\n\n" + b"".join(frames(LONG, numbered=numbered))
    events = read(cut(stream, at))
    writer = EventWriter(request())
    assert stream == writer.write(events)
    assert stream == written(events) or any(e.frame and e.frame.size > 1 for e in events)


@given(marks)
def test_any_cut_gives_the_same_events(at: list[int]) -> None:
    assert bare(read([STREAM])) == bare(read(cut(STREAM, at)))


def test_numbers_that_begin_elsewhere_are_relayed() -> None:
    stream = STREAM.replace(b'"sequence_number": ', b'"sequence_number": 10')
    assert stream == EventWriter(request()).write(read([stream]))


def change(events: list[Event], position: int) -> list[Event]:
    return [*events[:position], replace(events[position], frame=None), *events[position + 1 :]]


@pytest.mark.parametrize("numbered", [True, False])
def test_any_one_event_written_anew_keeps_the_answer(numbered: bool) -> None:  # noqa: FBT001
    stream = b"".join(frames(LONG, numbered=numbered))
    events = read([stream])
    for position in range(len(events)):
        changed = change(events, position)
        out = EventWriter(request()).write(changed)
        if not numbered:
            continue
        final = legal(out)
        if isinstance(events[position], Opaque):
            continue  # with its frame goes all it knew
        assert [item.type for item in final.output] == [item["type"] for item in LONG]
        assert "Hi youbye" == final.output_text
        assert [item["id"] for item in LONG if item["type"] != "function_call"] == [
            item.id for item in final.output if item.type != "function_call"
        ]
        told = sent(out)[-1]["response"]
        assert {"a": 1} == told["x_vendor"]


@pytest.mark.parametrize("numbered", [True, False])
def test_what_a_stage_held_back_is_told_nowhere(numbered: bool) -> None:  # noqa: FBT001
    events = read([b"".join(frames(LONG, numbered=numbered))])
    for position, event in enumerate(events):
        if not isinstance(event, TextDelta):
            continue
        out = EventWriter(request()).write([*events[:position], *events[position + 1 :]])
        final = sent(out)[-1]["response"]
        texts = [p["text"] for i in final["output"] for p in i.get("content", [])]
        whole = "Hi youbye"
        told = "".join(texts)
        assert len(told) == len(whole) - len(event.text)
        assert final["output"] == [
            e["item"] for e in sent(out) if e["type"] == "response.output_item.done"
        ]


@pytest.mark.parametrize("stops", [True, False], ids=["stops", "goes on"])
def test_wherever_the_frames_end_what_follows_makes_one_answer(stops: bool) -> None:  # noqa: FBT001
    all_frames = frames(OUTPUT[:2])
    for number in range(2, len(all_frames)):
        events = read([b"".join(all_frames[:number])])[:-1]  # without the failure
        more: list[Event] = STOPS if stops else [TextDelta("!"), *STOPS]
        found = checked("openai_responses", EventWriter(request()).write([*events, *more]))
        said = "".join(event.text for event in events if isinstance(event, TextDelta))
        assert found.text == (said if stops else f"{said}!")


def test_a_dropped_call_is_not_told_at_the_end() -> None:
    events = [
        e for e in read([STREAM]) if not isinstance(e, ToolCallStart | ToolCallDelta | ToolCallEnd)
    ]
    out = EventWriter(request()).write(events)
    assert ["reasoning", "message"] == [i["type"] for i in sent(out)[-1]["response"]["output"]]


@given(st.integers(0, 40))
def test_an_answer_may_be_stopped_anywhere(length: int) -> None:
    events = read([b"".join(frames(LONG))])
    stopped = [event for event in events[:length] if not isinstance(event, Finish | End)]
    final = legal(written([*stopped, TextDelta("!"), Finish("length"), End()]))
    assert "incomplete" == final.status
    assert final.output_text.endswith("!")


@given(st.integers(2, 30))
def test_a_failure_after_relayed_frames_is_the_last_event(length: int) -> None:
    events = read([STREAM])[:length]
    out = sent(written([*events, Failure(UpstreamBroken("x"))]))
    assert "response.failed" == out[-1]["type"]
    assert "resp_1" == out[-1]["response"]["id"]
    assert list(range(len(out))) == [event["sequence_number"] for event in out]


def test_unknown_events_leave_with_new_numbers() -> None:
    head, tail = frames()[:3], frames()[-1:]
    unknown = [frame("response.x_new", 3, x=1), frame("response.output_text.annotation.added", 4)]
    events = read([b"".join([*head, *unknown, *tail])])
    first = next(n for n, e in enumerate(events) if isinstance(e, Opaque))
    out = sent(EventWriter(request()).write([*events[:first], TextDelta("a"), *events[first:]]))
    assert 1 == [event["type"] for event in out].count("response.x_new")
    assert list(range(len(out))) == [event["sequence_number"] for event in out]


def test_a_text_only_told_at_its_end_is_relayed() -> None:
    kept = [raw for raw in frames(numbered=False) if b".delta" not in raw]
    stream = b"".join(kept)
    assert stream == EventWriter(request()).write(read([stream]))
    assert "Hi you" == "".join(e.text for e in read([stream]) if isinstance(e, TextDelta))
    assert "plan\n\nmore" == "".join(
        e.text for e in read([stream]) if isinstance(e, ReasoningDelta)
    )
    assert not any(isinstance(e, RefusalDelta) for e in read([stream]))
