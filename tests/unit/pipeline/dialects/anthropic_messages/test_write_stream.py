"""What is written anew is a stream that the vendor's SDK reads."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest

from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.dialects.anthropic_messages.write_stream import MessageWriter
from llm_proxy.pipeline.dialects.openai_chat import OpenAIChat
from llm_proxy.pipeline.dialects.seals import untag
from llm_proxy.pipeline.errors import UpstreamUnavailable
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    KeepAlive,
    Opaque,
    ReasoningDelta,
    ReasoningState,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Seal
from tests.unit.pipeline.dialects.anthropic_messages.frames import (
    data_in,
    message_in,
    names_in,
    written,
)

START = Start("c1", "m", 1)
LAST = [Finish("stop"), Usage(130, 30, 100, 12, cache_write_tokens=20), End()]
FOREIGN = Seal("gemini", {"thoughtSignature": "Ci"}, "google", "call_1")


def answer(*events: Event) -> Any:
    """The message that a client puts together of events of another vendor."""
    return message_in(written([START, *events, *LAST]))


def test_reasoning_text_and_call_of_another_vendor() -> None:
    events = [
        START,
        ReasoningDelta("pl"),
        TextDelta(""),
        TextDelta("Hi"),
        ToolCallStart(0, "a", "w"),
        ToolCallDelta(0, '{"c"'),
        ToolCallStart(1, "b", "v"),
        ToolCallDelta(0, ":1}"),
        ToolCallDelta(1, "{}"),
        ToolCallEnd(0),
        ToolCallEnd(1),
        Finish("tool_calls"),
        LAST[1],
        End(),
    ]
    sent = written(events)
    message = message_in(sent)
    assert [
        {"type": "thinking", "thinking": "pl", "signature": ""},
        {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "a", "name": "w", "input": {"c": 1}},
        {"type": "tool_use", "id": "b", "name": "v", "input": {}},
    ] == message["content"]
    assert "tool_use" == message["stop_reason"]
    assert {
        "input_tokens": 10,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "output_tokens": 30,
        "output_tokens_details": {"thinking_tokens": 12},
    } == message["usage"]
    assert [0, 1, 2, 3] == [one["index"] for one in data_in(sent, "content_block_stop")]


def test_nothing_is_written_before_there_is_something_to_say() -> None:
    assert b"" == written([START, Usage(9, 0), TextDelta(""), ReasoningDelta(""), Opaque()])
    assert ["message_start", "content_block_start", "content_block_delta"] == names_in(
        written([START, Usage(9, 0), TextDelta("a")])
    )


def test_counts_told_after_the_finish_are_in_the_last_delta() -> None:
    sent = written([START, TextDelta("a"), Finish("stop")])
    assert "message_delta" not in names_in(sent)
    assert 30 == answer(TextDelta("a"))["usage"]["output_tokens"]


def test_an_empty_answer_has_no_blocks() -> None:
    assert [] == answer()["content"]
    names = ["message_start", "message_delta", "message_stop"]
    assert names == names_in(written([START, *LAST]))


def test_an_answer_of_our_own_gets_an_id() -> None:
    message = message_in(written([Start("", "m", 0), TextDelta("a"), *LAST]))
    assert message["id"].startswith("msg_")


def test_text_during_a_call_comes_behind_it() -> None:
    message = answer(
        ToolCallStart(0, "a", "f"),
        ToolCallDelta(0, '{"x":'),
        TextDelta("meanwhile"),
        ReasoningState(FOREIGN),
        ToolCallDelta(0, "1}"),
        ToolCallEnd(0),
    )
    call, words, state = message["content"]
    assert ({"x": 1}, "meanwhile", "thinking") == (call["input"], words["text"], state["type"])


def test_a_call_without_arguments() -> None:
    (call,) = answer(ToolCallStart(0, "a", "f"), ToolCallEnd(0))["content"]
    assert {} == call["input"]


@pytest.mark.parametrize("pieces", [[], ["a"], ['say "', 'hi"\n', "é\\"]])
def test_free_text_of_a_call_is_an_argument(pieces: list[str]) -> None:
    deltas = [ToolCallDelta(0, piece) for piece in pieces]
    (call,) = answer(ToolCallStart(0, "a", "f", custom=True), *deltas, ToolCallEnd(0))["content"]
    assert {"input": "".join(pieces)} == call["input"]


def test_another_vendors_state_travels_in_the_signature_of_the_thought_before_it() -> None:
    message = answer(ReasoningDelta("hm"), ReasoningState(FOREIGN), TextDelta("a"))
    thought, _ = message["content"]
    assert "hm" == thought["thinking"]
    assert [FOREIGN] == untag(thought["signature"])


def test_state_without_a_thought_makes_one_without_words() -> None:
    call = (ToolCallStart(0, "call_1", "f"), ToolCallEnd(0))
    thought, _ = answer(ReasoningState(FOREIGN), *call)["content"]
    assert ("", [FOREIGN]) == (thought["thinking"], untag(thought["signature"]))


def test_states_one_after_the_other_are_thoughts_of_their_own() -> None:
    states = [ReasoningState(replace(FOREIGN, call=None)), ReasoningState(FOREIGN)]
    first, second = answer(ReasoningDelta("hm"), *states)["content"]
    assert ("hm", "") == (first["thinking"], second["thinking"])
    assert [FOREIGN] == untag(second["signature"])


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "hm", "signature": "Eq"},
        {"type": "redacted_thinking", "data": "Eq"},
    ],
)
def test_state_of_this_dialect_is_written_as_it_is(block: dict[str, Any]) -> None:
    words = [ReasoningDelta("hm")] if "thinking" in block else []
    assert [block] == answer(*words, ReasoningState(Seal(NAME, block, "us")))["content"]


@pytest.mark.parametrize(
    ("finish", "reason", "sequence"),
    [
        (Finish("stop"), "end_turn", None),
        (Finish("stop", stop_sequence="X"), "stop_sequence", "X"),
        (Finish("length"), "max_tokens", None),
        (Finish("context_full"), "model_context_window_exceeded", None),
        (Finish("content_filter"), "refusal", None),
        (Finish("pause"), "pause_turn", None),
    ],
)
def test_why_an_answer_finished(finish: Finish, reason: str, sequence: str | None) -> None:
    message = message_in(written([START, TextDelta("a"), finish, *LAST[1:]]))
    assert (reason, sequence) == (message["stop_reason"], message["stop_sequence"])


def test_a_refusal_is_text_that_ends_as_one() -> None:
    message = answer(RefusalDelta("I will "), RefusalDelta("not"))
    assert [{"type": "text", "text": "I will not"}] == message["content"]
    assert "refusal" == message["stop_reason"]


def test_a_sign_of_life_is_a_ping() -> None:
    assert b'event: ping\ndata: {"type":"ping"}\n\n' == written([KeepAlive()])


def test_a_failure_is_an_error_event_and_no_end() -> None:
    sent = written([START, TextDelta("a"), Failure(UpstreamUnavailable("busy"))])
    assert "error" == names_in(sent)[-1]
    (error,) = data_in(sent, "error")
    assert {"type": "overloaded_error", "message": "busy"} == error["error"]
    assert "message_stop" not in names_in(sent)


def chunks(*deltas: Any, **more: Any) -> Sequence[bytes]:
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    bodies = [{**head, "choices": [{"index": 0, "delta": d}]} for d in deltas]
    return [b"data: " + orjson.dumps({**body, **more}) + b"\n\n" for body in bodies]


def test_a_stream_of_chunks_becomes_a_message() -> None:
    reader, writer = OpenAIChat().read_stream("x"), MessageWriter()
    calls = [
        {"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}},
        {"index": 1, "id": "b", "function": {"name": "g", "arguments": "{}"}},
        {"index": 0, "function": {"arguments": '{"x":1}'}},
    ]
    deltas = [{"role": "assistant"}, {"reasoning_content": "hm"}, {"content": "hi"}]
    frames = chunks(*deltas, *({"tool_calls": [call]} for call in calls))
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    usage = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 5}}
    ends = [f"data: {json.dumps(one)}\n\n".encode() for one in (end, usage)]
    sent = b": hello\n\n"
    sent = b"".join(writer.write(reader.feed(f)) for f in [*frames, *ends, b"data: [DONE]\n\n"])
    message = message_in(sent)
    assert ["thinking", "text", "tool_use", "tool_use"] == [b["type"] for b in message["content"]]
    assert [{"x": 1}, {}] == [block["input"] for block in message["content"][2:]]
    assert ("tool_use", 9, 5) == (
        message["stop_reason"],
        message["usage"]["input_tokens"],
        message["usage"]["output_tokens"],
    )
