import json
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.dialects.anthropic_messages.read_answer import read_count, read_whole
from llm_proxy.pipeline.errors import ProxyError, UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
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
from tests.unit.pipeline.dialects.anthropic_messages.frames import bare

THOUGHT = {"type": "thinking", "thinking": "plan", "signature": "Eq"}
CALL = {"type": "tool_use", "id": "a", "name": "f"}
USAGE = {
    "input_tokens": 10,
    "cache_read_input_tokens": 100,
    "cache_creation_input_tokens": 20,
    "output_tokens": 30,
    "output_tokens_details": {"thinking_tokens": 12},
}


def whole(*content: Any, reason: str | None = "end_turn", **more: Any) -> list[Event]:
    message = {"id": "msg_2", "type": "message", "model": "m", "content": content}
    return bare(read_whole(json.dumps({**message, "stop_reason": reason, **more}).encode(), "us"))


def test_a_whole_answer_in_order() -> None:
    call = {"type": "tool_use", "id": "call_2", "name": "w", "input": {"c": 2}}
    events = whole(THOUGHT, {"type": "text", "text": "Hi"}, call, reason="tool_use", usage=USAGE)
    assert [
        Start("msg_2", "m", 0),
        ReasoningDelta("plan"),
        ReasoningState(Seal(NAME, THOUGHT, "us")),
        TextDelta("Hi"),
        ToolCallStart(0, "call_2", "w"),
        ToolCallDelta(0, '{"c":2}'),
        ToolCallEnd(0),
        Usage(130, 30, 100, 12, None, 20),
        Finish("tool_calls"),
        End(),
    ] == events


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (CALL, [ToolCallStart(0, "a", "f"), ToolCallEnd(0)]),
        ({"type": "thinking", "thinking": "x"}, [ReasoningDelta("x")]),
        ({"type": "text", "text": ""}, []),
        ({"type": "text", "text": None}, []),
        (
            {"type": "text", "text": "a", "citations": [{}]},
            [TextDelta("a"), Opaque(content="citations")],
        ),
        ({"type": "server_tool_use", "input": {"q": 1}}, [Opaque(content="server_tool_use")]),
        ({}, [Opaque()]),
        (None, []),
    ],
)
def test_what_a_block_means(block: Any, expected: list[Event]) -> None:
    assert expected == whole(block)[1:-2]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [(None, "stop"), ("end_turn", "stop"), ("refusal", "content_filter"), ("pause_turn", "pause")],
)
def test_why_it_finished(reason: str | None, expected: Any) -> None:
    assert Finish(expected) in whole({"type": "text", "text": "a"}, reason=reason)


def test_a_call_is_the_reason_whatever_it_is_called() -> None:
    call = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    assert Finish("tool_calls") in whole(call, reason="end_turn")
    assert Finish("length") in whole(call, reason="max_tokens")


def test_the_sequence_that_was_met() -> None:
    assert Finish("stop", stop_sequence="X") in whole(reason="stop_sequence", stop_sequence="X")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b'{"content":"a"}'])
def test_garbage_is_a_broken_answer(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        read_whole(body)


def test_an_error_in_an_answer_of_status_200() -> None:
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    with pytest.raises(ProxyError, match="busy"):
        read_whole(json.dumps(body).encode())


def test_a_count() -> None:
    assert 14 == read_count(b'{"input_tokens":14,"x":1}')


@pytest.mark.parametrize("body", [b"{}", b'{"input_tokens":"9"}', b'{"input_tokens":-1}', b"x"])
def test_a_count_that_is_none(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        read_count(body)
