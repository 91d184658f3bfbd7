from dataclasses import replace

import pytest

from llm_proxy.pipeline.dialects.openai_chat.read_answer import ChunkReader
from llm_proxy.pipeline.errors import Kind, UpstreamBroken, UpstreamRateLimited
from llm_proxy.pipeline.events import (
    LAST,
    End,
    Event,
    Failure,
    Finish,
    Start,
    TextDelta,
)
from tests.unit.pipeline.dialects.openai_chat.chunks import (
    DONE,
    HEAD,
    STOP,
    TEXTS,
    data,
    delta,
    read,
    text_of,
)

START = Start("c1", "m", 1)
FIRST = HEAD + b'{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'


def bare(events: list[Event]) -> list[Event]:
    return [replace(event, frame=None) for event in events]


@pytest.mark.parametrize("reason", ["error", "network_error", "insufficient_system_resource"])
def test_a_reason_that_is_a_failure_fails_and_ends_the_answer(reason: str) -> None:
    usage = data({"choices": [], "usage": {"prompt_tokens": 9}})
    reader = ChunkReader()
    events = read([FIRST, delta({"content": "a"}), delta({}, reason), usage, DONE], reader)
    assert [Start, TextDelta, Failure] == [type(event) for event in events]
    assert reader.ended


def test_nothing_follows_a_failure_in_its_own_chunk() -> None:
    events = read([FIRST, delta({}, "error", usage={"prompt_tokens": 9})])
    assert [Start, Failure] == [type(event) for event in events]


def test_an_error_in_the_stream_is_a_failure_and_ends_it() -> None:
    error = {"error": {"code": 429, "message": "slow"}, "choices": [{"finish_reason": "error"}]}
    reader = ChunkReader()
    events = reader.feed(FIRST + data(error) + TEXTS[0] % b"more" + DONE)
    assert [Start, Failure] == [type(event) for event in events]
    assert isinstance(events[-1], Failure)
    assert UpstreamRateLimited is type(events[-1].error)
    assert ("slow", None) == (events[-1].error.message, events[-1].frame)
    assert reader.ended
    assert [] == reader.close()


def test_a_vllm_error_without_the_key_error_is_a_failure() -> None:
    (failure,) = read([data({"object": "error", "message": "bad", "code": 400})])
    assert isinstance(failure, Failure)
    assert (Kind.BAD_REQUEST, "bad") == (failure.error.kind, failure.error.message)


def failure(events: list[Event]) -> str:
    """What went wrong at the very end of an answer."""
    assert [] == [event for event in events[:-1] if isinstance(event, LAST)]
    assert isinstance(events[-1], Failure)
    assert UpstreamBroken is type(events[-1].error)
    return events[-1].error.message


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (b"data: {\n\n", "the backend sent a chunk that is not valid JSON"),
        (b"data: \xff\n\n", "the backend sent a chunk that is not valid JSON"),
        (b"data: 5\n\n", "the backend sent a chunk that is not a JSON object"),
        (b"data: []\n\n", "the backend sent a chunk that is not a JSON object"),
    ],
)
def test_garbage_is_a_failure_behind_what_was_good(frame: bytes, expected: str) -> None:
    good = FIRST + TEXTS[0] % b"good"
    reader = ChunkReader()
    events = read([good + frame, TEXTS[0] % b"late", DONE], reader)
    assert "good" == text_of(events)
    assert expected == failure(events)
    assert reader.ended


@pytest.mark.parametrize(
    "stream",
    [b"", FIRST, FIRST + TEXTS[0] % b"a", b": hi\n\n", FIRST + b": hi", TEXTS[0] % b"a" + b"\n"],
)
def test_an_end_without_a_finish_reason_is_a_failure(stream: bytes) -> None:
    assert "the backend's answer ended in the middle" == failure(read([stream]))


def test_an_end_within_a_frame_is_a_failure() -> None:
    expected = "the backend sent a chunk that is not valid JSON"
    assert expected == failure(read([FIRST + STOP[:-20]]))


def test_a_frame_that_is_too_large_is_a_failure() -> None:
    reader = ChunkReader()
    piece = b"data: " + b"x" * 2**24
    assert "the backend sent a frame that is too large" == failure(reader.feed(piece))
    assert reader.ended


def test_a_deep_frame_is_a_frame() -> None:
    deep = TEXTS[3].replace(b"[1]", b"[" * 500 + b"]" * 500)
    assert "ab" == text_of(read([FIRST, deep % b"a", deep % b"b", STOP]))


def test_an_end_after_a_finish_reason_needs_no_done() -> None:
    assert [START, Finish("stop"), End()] == bare(read([STOP]))


def test_the_last_frame_needs_no_blank_line() -> None:
    assert [START, Finish("stop"), End()] == bare(read([STOP.rstrip()]))
    assert [START, Finish("stop"), End()] == bare(read([STOP, DONE.rstrip()]))


@pytest.mark.parametrize("rest", [b"data: {", b": bye\n\ndata: x", TEXTS[0] % b"late"])
def test_whatever_follows_done_is_ignored(rest: bytes) -> None:
    reader = ChunkReader()
    assert [START, Finish("stop"), End()] == bare(read([STOP + DONE, rest], reader))
    assert reader.ended


@pytest.mark.parametrize("halves", [(b"\\ud83d", b"\\ude00"), (b"\xc3", b"\xa9"), (b"a\\", b"nb")])
def test_frames_that_are_broken_alone_are_so_however_cut(halves: tuple[bytes, bytes]) -> None:
    frames = [FIRST, TEXTS[0] % b"good", *(TEXTS[0] % half for half in halves), STOP, DONE]
    assert failure(read(frames)) == failure(read([b"".join(frames)]))
