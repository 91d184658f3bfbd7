"""What no stage touched leaves in the vendor's bytes, also beside what is written anew."""

from dataclasses import replace

import pytest
from hypothesis import given

from llm_proxy.pipeline.dialects.anthropic_messages.read_stream import MessageReader
from llm_proxy.pipeline.dialects.anthropic_messages.write_stream import MessageWriter
from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    ReasoningDelta,
    Start,
    TextDelta,
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
    data_in,
    events_in,
    finished,
    frame,
    message_in,
    names_in,
    opened,
    relayed,
    stopped,
    streams,
    text,
    written,
)
from tests.unit.pipeline.dialects.cuts import cut, marks, single_bytes

START = Start("c1", "m", 1)
LAST = [Finish("stop"), Usage(130, 30, 100, 12, cache_write_tokens=20), End()]
FOREIGN = Seal("gemini", {"thoughtSignature": "Ci"}, "google", "call_1")


@given(streams(), marks)
def test_a_stream_leaves_byte_for_byte(frames: list[bytes], at: list[int]) -> None:
    stream = b"".join(frames)
    assert stream == relayed(cut(stream, at))


@given(streams())
def test_a_stream_leaves_byte_for_byte_one_by_one(frames: list[bytes]) -> None:
    stream = b"".join(frames)
    assert stream == relayed(single_bytes(stream))


def test_even_an_unruly_stream_leaves_byte_for_byte() -> None:
    overlapping = [CALLED[0], SAID[0], text(0, "a"), *CALLED[1:], *SAID[1:]]
    stream = b"".join([HEAD, *overlapping, *SERVED, HEAD, finished(), finished(), TAIL])
    assert stream == relayed([stream])


@pytest.mark.parametrize("nameless", [SAID[1], PING, HEAD, TAIL])
def test_a_frame_without_a_name_gets_its_own(nameless: bytes) -> None:
    stream = b"".join([HEAD, *SAID, PING, finished(), TAIL])
    bare = nameless.partition(b"\n")[2]
    assert stream == relayed([stream.replace(nameless, bare)])


def test_a_changed_text_keeps_its_place_among_what_is_relayed() -> None:
    def changed(event: Event) -> Event:
        return TextDelta(event.text.upper()) if isinstance(event, TextDelta) else event

    stream = [HEAD, *SAID, *CALLED, finished("tool_use"), TAIL]
    sent = written(map(changed, events_in(stream)))
    expected = b"".join(stream).replace(b'"text":"a"', b'"text":"A"')
    assert expected.replace(b'"text":"b"', b'"text":"B"') == sent


def test_a_text_put_in_front_moves_the_numbers_of_what_is_relayed() -> None:
    events = events_in([HEAD, *SAID, *SERVED, finished(), TAIL])
    sent = written([*events[:2], TextDelta("banner"), *events[2:]])
    assert [0, 1, 2, 3] == [start["index"] for start in data_in(sent, "content_block_start")]
    assert [0, 1, 2, 3] == [stop["index"] for stop in data_in(sent, "content_block_stop")]
    blocks = message_in(sent)["content"]
    kinds = ["text", "text", "server_tool_use", "web_search_tool_result"]
    assert kinds == [block["type"] for block in blocks]
    assert ["banner", "ab"] == [block["text"] for block in blocks[:2]]
    assert SERVED[-1] in sent


def test_a_run_of_text_is_renumbered_frame_by_frame() -> None:
    reader, writer = MessageReader(), MessageWriter()
    sent = writer.write(reader.feed(HEAD))
    sent += writer.write([TextDelta("banner")])
    sent += writer.write(reader.feed(SAID[0] + text(0, "a")))
    sent += writer.write(reader.feed(text(0, "b") + text(0, "c") + stopped(0)))
    sent += writer.write(reader.feed(finished() + TAIL))
    assert [0, 1, 1, 1] == [one["index"] for one in data_in(sent, "content_block_delta")]
    assert ["banner", "abc"] == [block["text"] for block in message_in(sent)["content"]]


def test_a_text_put_into_a_relayed_thought_ends_it() -> None:
    events = events_in([HEAD, *THOUGHT, *CALLED, finished("tool_use"), TAIL])
    place = next(n for n, event in enumerate(events) if isinstance(event, ReasoningDelta))
    sent = written([*events[: place + 1], TextDelta("x"), *events[place + 1 :]])
    blocks = message_in(sent)["content"]
    assert ["thinking", "text", "thinking", "tool_use"] == [block["type"] for block in blocks]
    assert ("hm", "") == (blocks[0]["thinking"], blocks[0]["signature"])
    assert ("", "Eq") == (blocks[2]["thinking"], blocks[2]["signature"])


def test_a_renamed_call_takes_its_arguments_along() -> None:
    def renamed(event: Event) -> Event:
        is_start = isinstance(event, ToolCallStart)
        return replace(event, name="g.long", frame=None) if is_start else event

    sent = written(map(renamed, events_in([HEAD, *SAID, *CALLED, finished("tool_use"), TAIL])))
    (call,) = message_in(sent)["content"][1:]
    assert ("g.long", {"a": 1}) == (call["name"], call["input"])
    assert sent.startswith(b"".join([HEAD, *SAID]))
    assert sent.endswith(finished("tool_use") + TAIL)


def test_a_changed_model_and_a_changed_reason_are_told() -> None:
    def changed(event: Event) -> Event:
        if isinstance(event, Start):
            return replace(event, model="other", frame=None)
        return Finish("length") if isinstance(event, Finish) else event

    sent = written(map(changed, events_in([HEAD, *SAID, finished(input_tokens=40), TAIL])))
    message = message_in(sent)
    assert ("msg_1", "other", "max_tokens") == (
        message["id"],
        message["model"],
        message["stop_reason"],
    )
    assert (40, 5, 15) == (
        message["usage"]["input_tokens"],
        message["usage"]["cache_read_input_tokens"],
        message["usage"]["output_tokens"],
    )
    assert names_in(sent)[-2:] == ["message_delta", "message_stop"]


def test_unknown_fields_and_events_are_relayed() -> None:
    odd = frame("content_block_delta", index=0, delta={"type": "of_tomorrow"}, x=1)
    stream = b"".join([HEAD, opened(0, "text", text="", y=None), odd, stopped(0), SERVED[-1]])
    assert relayed([stream]).startswith(stream)
