import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from google.genai import errors, types
from google.genai._api_client import HttpResponse
from hypothesis import given

from llm_proxy.pipeline.dialects.gemini import Gemini, GeminiArray
from llm_proxy.pipeline.dialects.gemini.write_stream import ArrayWriter, EventWriter
from llm_proxy.pipeline.errors import UpstreamUnavailable
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    KeepAlive,
    ReasoningDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.request import ChatRequest
from tests.unit.pipeline.dialects.cuts import cut, marks
from tests.unit.pipeline.dialects.gemini.bodies import chunk, chunks_in, data, streamed

REQUEST = ChatRequest("m", [])


EVENTS: list[Event] = [
    Start("r1", "g-1", 1),
    ReasoningDelta("hm"),
    TextDelta("hi"),
    ToolCallStart(0, "c1", "f"),
    ToolCallStart(1, "c2", "g"),
    ToolCallDelta(0, '{"a"'),
    ToolCallDelta(1, "{}"),
    ToolCallDelta(0, ":1}"),
    ToolCallEnd(0),
    ToolCallEnd(1),
    Usage(130, 30, 100, 12),
    Finish("tool_calls"),
    End(),
]


def written(events: Iterable[Event]) -> bytes:
    writer = Gemini().write_stream(REQUEST)
    return b"".join(writer.write([event]) for event in events)


def as_array(events: Iterable[Event]) -> bytes:
    writer = GeminiArray().write_stream(REQUEST)
    return b"".join(writer.write([event]) for event in events)


def parts_in(stream: bytes) -> list[Any]:
    chunks = chunks_in(stream)
    return [part for one in chunks for part in one["candidates"][0]["content"]["parts"]]


def told_by_sdk(stream: bytes) -> list[Any]:
    return list(HttpResponse({}, httpx2.Response(200, content=stream)).segments())


def test_every_event_in_order() -> None:
    stream = written(EVENTS)
    assert [
        {"text": "hm", "thought": True},
        {"text": "hi"},
        {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}},
        {"functionCall": {"id": "c2", "name": "g", "args": {}}},
        {"text": ""},
    ] == parts_in(stream)
    last = chunks_in(stream)[-1]
    assert "STOP" == last["candidates"][0]["finishReason"]
    assert {
        "promptTokenCount": 130,
        "cachedContentTokenCount": 100,
        "candidatesTokenCount": 18,
        "thoughtsTokenCount": 12,
        "totalTokenCount": 160,
    } == last["usageMetadata"]
    assert all("finishReason" not in one["candidates"][0] for one in chunks_in(stream)[:-1])
    assert {("r1", "g-1")} == {(c["responseId"], c["modelVersion"]) for c in chunks_in(stream)}


def test_only_data_and_blank_lines_reach_the_client() -> None:
    stream = written([EVENTS[0], KeepAlive(), *EVENTS[1:3], KeepAlive(), *EVENTS[3:]])
    assert all(not line or line.startswith(b"data: {") for line in stream.split(b"\n"))


def test_the_sdk_reads_the_stream() -> None:
    chunks = told_by_sdk(written([EVENTS[0], KeepAlive(), *EVENTS[1:]]))
    answers = [types.GenerateContentResponse._from_response(response=c, kwargs={}) for c in chunks]
    assert "hi" == "".join(
        part.text or ""
        for answer in answers
        for part in (answer.candidates or [])[0].content.parts or []  # type: ignore[union-attr]
        if not part.thought
    )
    calls = [call for answer in answers for call in answer.function_calls or []]
    assert [("c1", {"a": 1}), ("c2", {})] == [(call.id, call.args) for call in calls]
    assert types.FinishReason.STOP == (answers[-1].candidates or [])[0].finish_reason


@pytest.mark.parametrize(
    "events",
    [EVENTS, [*EVENTS[:3], Failure(UpstreamUnavailable("down"))], [End()], [KeepAlive(), *EVENTS]],
)
def test_the_list_form_is_one_list(events: list[Event]) -> None:
    stream = as_array(events)
    assert stream.lstrip().startswith(b"[")
    assert stream.endswith(b"]")
    expected = chunks_in(written(events))
    parsed = json.loads(stream)
    assert len(expected) == len(parsed)
    assert b",\r\n" in stream or len(parsed) < 2


def test_an_error_is_known_by_its_first_key() -> None:
    stream = written([*EVENTS[:3], Failure(UpstreamUnavailable("down", retry_after=2))])
    (*_, last) = told_by_sdk(stream)
    assert json.dumps(last).startswith('{"error":')
    with pytest.raises(errors.ServerError, match="down"):
        errors.APIError.raise_error(last["error"]["code"], last, None)


FRAMES = [
    b": a comment\n\n",
    data(chunk({"text": "a", "x": 1})),
    data(chunk({"text": "b"})).replace(b"\n", b"\r\n"),
    data(chunk({"text": "c"})),
    data(chunk({"text": "d"})),
    data({"unknown": [1]}),
    b"\n\n",
    data(chunk({"functionCall": {"name": "f"}})),
    data(chunk({"inlineData": {"mimeType": "image/png", "data": "AA"}})),
    data(chunk(reason="STOP", usageMetadata={"promptTokenCount": 1})),
]


@given(marks)
def test_a_stream_leaves_byte_for_byte(at: list[int]) -> None:
    stream = b"".join(FRAMES[1:])
    assert stream == EventWriter().write(streamed(cut(stream, at)))


@given(marks)
def test_the_json_of_a_stream_leaves_byte_for_byte_in_a_list(at: list[int]) -> None:
    stream = b"".join(frame for frame in FRAMES if frame.strip())
    lines = [line[6:] for line in stream.splitlines() if line.startswith(b"data: ")]
    sent = ArrayWriter().write(streamed(cut(stream, at)))
    assert b"[" + b",\r\n".join(lines) + b"]" == sent.lstrip()


def test_a_comment_becomes_a_bare_line_end() -> None:
    sent = EventWriter().write(streamed(FRAMES))
    assert b"\n" + b"".join(FRAMES[1:]) == sent


@pytest.mark.parametrize(
    "raw",
    [
        b"event: x\ndata: %s\n\n",
        b"data:%s\n\n",
        b"data: %s\n: c\n\n",
        b"id: 1\ndata: %s\n\n",
        b"data: %s",
    ],
)
def test_a_frame_that_breaks_the_sdk_is_put_into_the_form_it_takes(raw: bytes) -> None:
    json_ = json.dumps(chunk({"text": "a"}, reason="STOP")).encode()
    assert b"data: " + json_ + b"\n\n" == EventWriter().write(streamed([raw % json_]))


def test_a_list_from_a_server_is_relayed_as_events() -> None:
    frames = [chunk({"text": "a\\n"}), chunk({"text": "b"}, reason="STOP")]
    body = json.dumps(frames, indent=1).encode()
    assert frames == told_by_sdk(EventWriter().write(streamed([body])))


def test_a_changed_text_is_written_anew_and_the_rest_relayed() -> None:
    events = [
        replace(event, text="X", frame=None)
        if isinstance(event, TextDelta) and event.text == "a"
        else event
        for event in streamed(FRAMES[1:])
    ]
    sent = EventWriter().write(events)
    assert sent.endswith(b"".join(FRAMES[2:]))
    first = chunks_in(sent)[0]
    assert [{"text": "X"}] == first["candidates"][0]["content"]["parts"]
    assert ("r1", "g-1") == (first["responseId"], first["modelVersion"])


@pytest.mark.parametrize("said", [[TextDelta("hi")], []])
def test_no_chunk_is_without_a_part_or_a_chat_of_the_sdk_forgets_the_turn(
    said: list[Event],
) -> None:
    chunks = chunks_in(written([*said, Usage(1, 1), Finish("stop"), End()]))
    assert all(one["candidates"][0]["content"]["parts"] for one in chunks)
    assert "STOP" == chunks[-1]["candidates"][0]["finishReason"]


def test_a_changed_end_is_told_once() -> None:
    frames = [data(chunk({"text": "a"}, reason="STOP", usageMetadata={"promptTokenCount": 1}))]
    events = [
        replace(e, text="b", frame=None) if isinstance(e, TextDelta) else e
        for e in streamed(frames)
    ]
    chunks = chunks_in(EventWriter().write(events))
    assert ["b", ""] == [
        part["text"] for one in chunks for part in one["candidates"][0]["content"]["parts"]
    ]
    assert ["STOP"] == [
        one["candidates"][0].get("finishReason")
        for one in chunks
        if "finishReason" in one["candidates"][0]
    ]
    assert 1 == chunks[-1]["usageMetadata"]["promptTokenCount"]
