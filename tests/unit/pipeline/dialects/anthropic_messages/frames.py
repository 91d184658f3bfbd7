"""Streams of this dialect, and how the vendor's SDK reads those we write."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from anthropic._streaming import SSEDecoder
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import RawMessageStreamEvent
from hypothesis import strategies as st
from pydantic import TypeAdapter

from llm_proxy.pipeline.dialects.anthropic_messages.read_stream import MessageReader
from llm_proxy.pipeline.dialects.anthropic_messages.write_stream import MessageWriter
from llm_proxy.pipeline.events import Event

_EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)


def frame(kind: str, **fields: Any) -> bytes:
    data = json.dumps({"type": kind, **fields}, separators=(",", ":"))
    return f"event: {kind}\ndata: {data}\n\n".encode()


def opened(index: int, kind: str, **content: Any) -> bytes:
    return frame("content_block_start", index=index, content_block={"type": kind, **content})


def piece(index: int, kind: str, **delta: Any) -> bytes:
    return frame("content_block_delta", index=index, delta={"type": kind, **delta})


def text(index: int, words: str) -> bytes:
    return piece(index, "text_delta", text=words)


def stopped(index: int) -> bytes:
    return frame("content_block_stop", index=index)


def finished(reason: str | None = "end_turn", sequence: str | None = None, **usage: int) -> bytes:
    delta = {"stop_reason": reason, "stop_sequence": sequence}
    return frame("message_delta", delta=delta, usage={"output_tokens": 15, **usage})


HEAD = frame(
    "message_start",
    message={
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 25, "cache_read_input_tokens": 5, "output_tokens": 1},
    },
)
TAIL = frame("message_stop")
PING = frame("ping")

SAID = [opened(0, "text", text=""), text(0, "a"), text(0, "b"), stopped(0)]
THOUGHT = [
    opened(0, "thinking", thinking="", signature=""),
    piece(0, "thinking_delta", thinking="hm"),
    piece(0, "signature_delta", signature="Eq"),
    stopped(0),
]
CALLED = [
    opened(1, "tool_use", id="toolu_1", name="f", input={}),
    piece(1, "input_json_delta", partial_json=""),
    piece(1, "input_json_delta", partial_json='{"a"'),
    piece(1, "input_json_delta", partial_json=":1}"),
    stopped(1),
]
SERVED = [
    opened(1, "server_tool_use", id="srv_1", name="web_search", input={}),
    piece(1, "input_json_delta", partial_json="{}"),
    stopped(1),
    opened(2, "web_search_tool_result", tool_use_id="srv_1", content=[]),
    stopped(2),
    frame("of_tomorrow", x=[1, None]),
]

_bodies = st.sampled_from(
    [[], SAID, THOUGHT, [*SAID, *CALLED], [*THOUGHT, *CALLED], [*SAID, *SERVED], [PING, *SAID]]
)
_words = st.lists(st.text(st.characters(codec="utf-8"), max_size=6), max_size=6)


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """Whole and legal streams, as lists of frames."""
    said = draw(_bodies)
    more = [opened(9, "text", text=""), *(text(9, w) for w in draw(_words)), stopped(9)]
    noise = draw(st.sampled_from([[], [PING], [b": a comment\n\n"]]))
    reason = draw(st.sampled_from(["end_turn", "tool_use", "max_tokens", "refusal"]))
    ends = [finished(reason), TAIL]
    stream = [HEAD, *noise, *said, *more, *noise, *ends]
    return [one.replace(b"\n", b"\r\n") for one in stream] if draw(st.booleans()) else stream


def events_in(pieces: Iterable[bytes], maker: str = "us") -> list[Event]:
    reader = MessageReader(maker)
    events = [event for one in pieces for event in reader.feed(one)]
    return events + reader.close()


def bare(events: Iterable[Event]) -> list[Event]:
    return [replace(event, frame=None) for event in events]


def relayed(pieces: Iterable[bytes]) -> bytes:
    reader, writer = MessageReader(), MessageWriter()
    sent = b"".join(writer.write(reader.feed(one)) for one in pieces)
    return sent + writer.write(reader.close())


def written(events: Iterable[Event]) -> bytes:
    """What a writer makes of events."""
    return MessageWriter().write(list(events))


def names_in(stream: bytes) -> list[str]:
    """The names of the frames, as the SDK's decoder finds them."""
    return [str(event.event) for event in SSEDecoder().iter_bytes(iter([stream]))]


def data_in(stream: bytes, name: str) -> list[Any]:
    events = SSEDecoder().iter_bytes(iter([stream]))
    return [json.loads(event.data) for event in events if event.event == name]


def message_in(stream: bytes) -> Any:
    """The message that the SDK puts together."""
    message: Any = None
    buffers: dict[int, bytes] = {}
    for event in SSEDecoder().iter_bytes(iter([stream])):
        if event.event in ("ping", "error", "of_tomorrow"):
            continue
        told = _EVENT.validate_json(event.data)
        assert told.type == event.event
        message = accumulate_event(event=told, current_snapshot=message, json_bufs=buffers)
    return message.to_dict()
