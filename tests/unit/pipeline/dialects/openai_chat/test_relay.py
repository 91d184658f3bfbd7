"""What no stage touched leaves in the vendor's bytes; what one did touch is written anew."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai._streaming import SSEDecoder

from llm_proxy.pipeline.dialects.openai_chat.read_answer import ChunkReader, read_completion
from llm_proxy.pipeline.dialects.openai_chat.write_answer import ChunkWriter, write_completion
from llm_proxy.pipeline.events import Start, TextDelta
from tests.unit.pipeline.dialects.cuts import cut, marks, single_bytes
from tests.unit.pipeline.dialects.openai_chat import json_values
from tests.unit.pipeline.dialects.openai_chat.chunks import (
    DONE,
    HEAD,
    STOP,
    TEXTS,
    chunks_in,
    data,
    delta,
    streams,
)


def relayed(pieces: Iterable[bytes], *, wants_usage: bool = True) -> bytes:
    reader, writer = ChunkReader(), ChunkWriter(wants_usage=wants_usage)
    sent = b"".join(writer.write(reader.feed(piece)) for piece in pieces)
    return sent + writer.write(reader.close())


@given(streams, marks)
def test_a_stream_leaves_byte_for_byte(frames: list[bytes], at: list[int]) -> None:
    stream = b"".join(frames)
    assert stream == relayed(cut(stream, at))


@given(streams)
def test_a_stream_leaves_byte_for_byte_one_by_one(frames: list[bytes]) -> None:
    stream = b"".join(frames)
    assert stream == relayed(single_bytes(stream))


@given(st.dictionaries(json_values.texts, json_values.values, max_size=3), marks)
def test_unknown_fields_in_a_stream_leave_as_they_came(more: dict[str, Any], at: list[int]) -> None:
    fields = {f"x_{name}": value for name, value in more.items()}
    frames = [delta({"content": "a", **fields}, **fields), data(fields), STOP, DONE]
    stream = b"".join(frames)
    assert stream == relayed(cut(stream, at))


FIRST = HEAD + b'{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
USAGE = HEAD + b'],"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14}}\n\n'


def test_the_usage_chunk_is_for_whom_asked() -> None:
    frames = [FIRST, TEXTS[0] % b"a", STOP, USAGE, DONE]
    assert b"".join(frames) == relayed(frames)
    assert b"".join([FIRST, TEXTS[0] % b"a", STOP, DONE]) == relayed(frames, wants_usage=False)


@pytest.mark.parametrize(
    "choice",
    [
        {"index": 1, "delta": {"content": "of the second choice"}},
        {"index": 0, "delta": {"audio": {"data": "AA"}}},
        {"index": 0, "delta": {}, "logprobs": {"content": []}},
    ],
)
def test_usage_beside_content_does_not_take_the_content_along(choice: dict[str, Any]) -> None:
    frame = data({"choices": [choice], "usage": {"prompt_tokens": 9}})
    assert [choice] == [
        sent
        for chunk in chunks_in(relayed([FIRST, frame, STOP, DONE], wants_usage=False))[1:-1]
        for sent in chunk["choices"]
    ]


@pytest.mark.parametrize(
    "frame", [b"event: ping\n\n", b"data:\n\n", b"retry: 5\n\n", b"id: 7\n\n", b"event: x\n: c\n\n"]
)
def test_a_frame_that_crashes_the_sdk_is_not_passed_on(frame: bytes) -> None:
    sent = relayed([FIRST, frame, STOP, DONE])
    told = [event.data for event in SSEDecoder().iter_bytes(iter([sent]))]
    assert [FIRST[6:-2].decode(), STOP[6:-2].decode(), "[DONE]"] == told


def test_a_changed_text_is_written_anew_and_the_rest_relayed() -> None:
    reader, writer = ChunkReader(), ChunkWriter(wants_usage=True)
    events = [
        replace(event, text="b", frame=None) if isinstance(event, TextDelta) else event
        for event in reader.feed(FIRST + TEXTS[0] % b"a" + STOP + DONE)
    ]
    sent = writer.write(events)
    assert sent.startswith(FIRST)
    assert sent.endswith(STOP + DONE)
    (chunk,) = chunks_in(sent.removeprefix(FIRST).removesuffix(STOP + DONE))
    assert ("c1", 1, "m") == (chunk["id"], chunk["created"], chunk["model"])
    assert {"content": "b"} == chunk["choices"][0]["delta"]


def test_the_first_text_in_our_words_names_the_role_even_behind_a_comment() -> None:
    reader, writer = ChunkReader(), ChunkWriter(wants_usage=True)
    comment = b": OPENROUTER PROCESSING\n\n"
    events = reader.feed(comment + TEXTS[0] % b"a")
    sent = writer.write([replace(e, frame=None) if e.frame.size > 1 else e for e in events])  # type: ignore[union-attr]
    assert sent.startswith(comment)
    (chunk,) = chunks_in(sent)
    assert {"role": "assistant", "content": "a"} == chunk["choices"][0]["delta"]


def test_a_frame_without_one_of_its_events_is_not_relayed() -> None:
    reader, writer = ChunkReader(), ChunkWriter(wants_usage=True)
    start, _text = reader.feed(TEXTS[0] % b"secret")
    assert isinstance(start, Start)
    assert b"" == writer.write([start])


def test_a_frame_whose_events_come_apart_is_written_once() -> None:
    reader, writer = ChunkReader(), ChunkWriter(wants_usage=True)
    events = reader.feed(TEXTS[0] % b"a" + TEXTS[0] % b"b")
    sent = b"".join(writer.write([event]) for event in events)
    assert ["a", "b"] == [c["choices"][0]["delta"]["content"] for c in chunks_in(sent)]


completions = st.fixed_dictionaries(
    {
        "choices": st.lists(
            st.fixed_dictionaries(
                {"message": st.fixed_dictionaries({"content": json_values.texts})},
                optional={"finish_reason": st.sampled_from(["stop", "length"])},
            ),
            min_size=1,
            max_size=3,
        )
    },
    optional={"usage": json_values.values, "id": json_values.values, "x": json_values.values},
)


@given(completions, st.sampled_from([None, 2, "\t"]))
def test_a_whole_answer_leaves_byte_for_byte(completion: Any, indent: Any) -> None:
    body = json.dumps(completion, indent=indent).encode()
    assert body == write_completion(read_completion(body))


def test_a_whole_answer_with_a_changed_text_is_written_anew() -> None:
    body = b'{"id":"c","model":"m","created":1,"x":1,"choices":[{"message":{"content":"a"}}]}'
    events = [
        replace(event, text="b", frame=None) if isinstance(event, TextDelta) else event
        for event in read_completion(body)
    ]
    sent = json.loads(write_completion(events))
    assert "b" == sent["choices"][0]["message"]["content"]
    assert ("c", "m", 1, "stop") == (
        sent["id"],
        sent["model"],
        sent["created"],
        sent["choices"][0]["finish_reason"],
    )


def test_a_whole_answer_without_one_of_its_events_is_written_anew() -> None:
    body = b'{"id":"c","model":"m","created":1,"choices":[{"message":{"content":"a"}}]}'
    events = [event for event in read_completion(body) if not isinstance(event, TextDelta)]
    assert "" == json.loads(write_completion(events))["choices"][0]["message"]["content"]
