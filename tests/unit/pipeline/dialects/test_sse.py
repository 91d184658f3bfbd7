import re
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.sse import SseFrame, SseSplitter, frame_end, parse_frame
from llm_proxy.pipeline.errors import UpstreamBroken
from tests.unit.pipeline.dialects.cuts import cut, marks, single_bytes

BOM = b"\xef\xbb\xbf"

line_ends = st.sampled_from([b"\n", b"\r\n", b"\r"])
text = st.one_of(
    st.sampled_from(["", "a", "{}", " x", "é", "\U0001f600", "\u2028", "\x85", "a:b", "\ufeff"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n")),
).map(str.encode)
lines = st.one_of(
    st.tuples(st.sampled_from([b"data:", b"data: ", b"event: ", b": ", b":", b"id: "]), text),
    st.sampled_from([(b"data", b""), (b"event", b""), (b"retry: 5", b""), (b"datax: 1", b"")]),
).map(b"".join)
frames = st.tuples(
    st.lists(st.tuples(lines, line_ends).map(b"".join), min_size=1, max_size=4).map(b"".join),
    line_ends,
).map(b"".join)
streams = st.tuples(st.sampled_from([b"", BOM]), st.lists(frames, max_size=6).map(b"".join)).map(
    lambda parts: b"".join(parts) + b"\n\n"
)


def split(pieces: Iterable[bytes]) -> list[SseFrame]:
    splitter = SseSplitter()
    found: list[SseFrame] = []
    for block in [*(splitter.feed(piece) for piece in pieces), splitter.close()]:
        position = 0
        while position < len(block):
            end = frame_end(block, position)
            found.append(parse_frame(block[position:end]))
            position = end
    return found


def events(frames: Iterable[SseFrame]) -> list[tuple[str, bytes]]:
    return [(frame.event, frame.data) for frame in frames if frame.data is not None]


def as_the_standard_says(stream: bytes) -> list[tuple[str, bytes]]:
    """The algorithm of WHATWG HTML 9.2.6, over the whole stream at once."""
    found: list[tuple[str, bytes]] = []
    name, data = "", b""
    for line in re.split(rb"\r\n|\n|\r", stream.removeprefix(BOM)):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                found.append((name, data[:-1]))
            name, data = "", b""
        elif field == b"data":
            data += value + b"\n"
        elif field == b"event":
            name = value.decode()
    return found


@given(streams, marks)
@example(b"data: a\r\rdata: b\r\r", [9])
@example(b"data: a\r\n\r\ndata: b\n\n", [8, 9, 10, 11])
def test_events_are_the_standards_however_the_stream_is_cut(stream: bytes, at: list[int]) -> None:
    assert as_the_standard_says(stream) == events(split(cut(stream, at)))


@given(streams)
def test_events_are_the_standards_when_bytes_come_one_by_one(stream: bytes) -> None:
    assert as_the_standard_says(stream) == events(split(single_bytes(stream)))


@given(streams, marks)
def test_no_byte_is_lost_or_added(stream: bytes, at: list[int]) -> None:
    assert stream == b"".join(frame.raw for frame in split(cut(stream, at)))


@pytest.mark.parametrize(
    ("raw", "event", "data"),
    [
        (b"data: a\n\n", "", b"a"),
        (b"data:a\n\n", "", b"a"),
        (b"data:  a\n\n", "", b" a"),
        (b"data\n\n", "", b""),
        (b"data:\n\n", "", b""),
        (b"data: a\ndata: b\n\n", "", b"a\nb"),
        (b"data: a\r\ndata:b\r\n\r\n", "", b"a\nb"),
        (b"data: a\rdata: b\r\r", "", b"a\nb"),
        (b"event: ping\ndata: {}\n\n", "ping", b"{}"),
        (b"event: ping\n\n", "ping", None),
        (b": a comment\n\n", "", None),
        (b": c\ndata: a\n\n", "", b"a"),
        (b"id: 7\nretry: 5\nDATA: x\n\n", "", None),
        (b"data: a:b\n\n", "", b"a:b"),
        (BOM + b"data: a\n\n", "", b"a"),
        ("data: a\u2028b\x85c\n\n".encode(), "", "a\u2028b\x85c".encode()),
        (b"event: \xff\ndata: a\n\n", "\ufffd", b"a"),
        (b"\n", "", None),
    ],
)
def test_fields_of_a_frame(raw: bytes, event: str, data: bytes | None) -> None:
    assert SseFrame(event, data, raw) == parse_frame(raw)


def test_an_unfinished_frame_waits_for_its_rest() -> None:
    splitter = SseSplitter()
    assert b"data: a\n\n" == splitter.feed(b"data: a\n\ndata: b")
    assert b"" == splitter.feed(b"b\n")
    assert b"data: bb\n\n" == splitter.feed(b"\n")
    assert b"" == splitter.close()


def test_what_never_ended_is_given_at_the_close_and_once() -> None:
    splitter = SseSplitter()
    assert b"" == splitter.feed(b"data: a\n")
    assert b"data: a\n" == splitter.close()
    assert b"" == splitter.close()


def test_a_cr_at_the_end_may_be_half_of_a_crlf() -> None:
    splitter = SseSplitter()
    assert b"" == splitter.feed(b"data: a\r\n\r")
    assert b"data: a\r\n\r\n" == splitter.feed(b"\n")


def test_a_frame_over_the_limit_breaks_the_stream() -> None:
    splitter = SseSplitter(limit=8)
    assert b"" == splitter.feed(b"12345678")
    with pytest.raises(UpstreamBroken, match="too large"):
        splitter.feed(b"9")


def test_the_limit_is_for_one_frame_not_for_the_stream() -> None:
    splitter = SseSplitter(limit=8)
    assert b"data: 123456789\n\n" == splitter.feed(b"data: 123456789\n\n")
    assert b"data: 123456789\n\n" == splitter.feed(b"data: 123456789\n\n")


def test_frames_of_sixteen_mebibytes_are_read() -> None:
    frame = b"data: " + b"x" * (16 * 1024 * 1024 - 8) + b"\n\n"
    splitter = SseSplitter()
    assert b"" == splitter.feed(frame[:-1])
    assert len(frame) == len(splitter.feed(b"\n"))
