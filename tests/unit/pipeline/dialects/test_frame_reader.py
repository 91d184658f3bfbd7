"""What every reader of server-sent events does alike."""

from collections.abc import Sequence

import pytest
from hypothesis import given

from llm_proxy.pipeline.dialects.frame_reader import CUT_SHORT, FrameReader, json_object
from llm_proxy.pipeline.dialects.sse import SseFrame
from llm_proxy.pipeline.dialects.text_runs import TextAt
from llm_proxy.pipeline.errors import UpstreamBroken, UpstreamUnavailable
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    Frame,
    KeepAlive,
    Opaque,
    TextDelta,
    Usage,
)
from tests.unit.pipeline.dialects.cuts import cut, marks

BUSY = UpstreamUnavailable("busy")


class Reader(FrameReader):
    """Reads `{"text"}`, `{"end"}`, `{"two"}` and `{"busy"}`."""

    format = "f"
    keys = (b'"text":"',)

    @property
    def text_at(self) -> TextAt:
        return lambda parsed: (parsed, "text") if isinstance(parsed.get("text"), str) else None

    def events_of(self, frame: SseFrame, data: bytes, shared: Frame) -> Sequence[Event]:
        fields = json_object(data)
        if "busy" in fields:
            raise BUSY
        if "two" in fields:
            return [Finish("stop", shared), Usage(1, 2, frame=shared)]
        if "end" in fields:
            return [End(shared)]
        return [TextDelta(fields["text"], shared)] if "text" in fields else []

    def at_end_of_body(self) -> Sequence[Event]:
        raise UpstreamBroken(CUT_SHORT)


def text(said: str) -> bytes:
    return b'data: {"text":"%s"}\n\n' % said.encode()


END = b'data: {"end":1}\n\n'


def read(*pieces: bytes) -> list[Event]:
    reader = Reader()
    events = [event for piece in pieces for event in reader.feed(piece)]
    return events + reader.close()


def test_each_event_has_the_bytes_it_came_from() -> None:
    two = b'event: x\ndata: {"two":1}\n\n'
    shared = Frame(two, 2, "f")
    expected = [
        TextDelta("a", Frame(text("a"), 1, "f")),
        Finish("stop", shared),
        Usage(1, 2, frame=shared),
        End(Frame(END, 1, "f")),
    ]
    assert expected == read(text("a") + two + END)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b": comment\n\n", KeepAlive(Frame(b": comment\n\n", 1, "f"))),
        (b"event: ping\n\n", KeepAlive()),
        (b"data:\n\n", KeepAlive()),
        (b'data: {"new":1}\n\n', Opaque(Frame(b'data: {"new":1}\n\n', 1, "f"))),
    ],
)
def test_a_frame_without_events(raw: bytes, expected: Event) -> None:
    assert expected == read(raw + END)[0]


@given(marks)
def test_it_is_the_same_however_cut(at: list[int]) -> None:
    stream = b"".join(map(text, "abcdefgh")) + b": comment\n\n" + text("i") + END
    events = read(*cut(stream, at))
    assert "abcdefghi" == "".join(e.text for e in events if isinstance(e, TextDelta))
    assert isinstance(events[-1], End)
    assert stream == b"".join(event.frame.raw for event in events if event.frame)


def test_a_run_of_text_is_one_event() -> None:
    assert (
        TextDelta("bc", Frame(text("b") + text("c"), 1, "f"))
        == read(text("a") + text("b") + text("c") + END)[1]
    )


def failure_of(*pieces: bytes) -> tuple[list[Event], str]:
    *events, last = read(*pieces)
    assert isinstance(last, Failure)
    return events, last.error.message


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'data: {"busy":1}\n\n', "busy"),
        (b"data: nonsense\n\n", "the backend sent a chunk that is not valid JSON"),
        (b"data: []\n\n", "the backend sent a chunk that is not a JSON object"),
        (b'data: {"busy":1}', "busy"),
        (b"", CUT_SHORT),
    ],
)
def test_a_failure_comes_behind_what_was_good(raw: bytes, message: str) -> None:
    events, told = failure_of(text("a"), raw)
    assert ([TextDelta("a", Frame(text("a"), 1, "f"))], message) == (events, told)


def test_nothing_is_read_behind_the_end() -> None:
    reader = Reader()
    assert not reader.ended
    assert [End(Frame(END, 1, "f"))] == reader.feed(END + text("a"))
    assert reader.ended
    assert [] == [*reader.feed(b"data: nonsense\n\n"), *reader.close()]


def test_a_last_frame_without_its_blank_line_counts() -> None:
    assert End(Frame(END.rstrip(), 1, "f")) == read(END.rstrip())[-1]


def test_without_keys_no_run_is_learned() -> None:
    class Plain(Reader):
        keys = ()

        @property
        def text_at(self) -> TextAt:
            return super(Reader, self).text_at

    events = Plain().feed(text("a") + text("b") + text("c"))
    assert [b"a", b"b", b"c"] == [e.text.encode() for e in events if isinstance(e, TextDelta)]
    assert None is Plain().text_at({"text": "a"})
