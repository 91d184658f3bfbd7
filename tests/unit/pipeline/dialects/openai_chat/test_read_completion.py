from dataclasses import replace
from typing import Any

import orjson
import pytest

from llm_proxy.pipeline.dialects.openai_chat.formats import COMPLETION
from llm_proxy.pipeline.dialects.openai_chat.read_answer import read_completion
from llm_proxy.pipeline.errors import Fault, Kind, ProxyError, UpstreamBroken, UpstreamRefused
from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    Frame,
    Opaque,
    ReasoningDelta,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)

ODD = [b'{"choices":["a"]}', b'{"choices":[{"finish_reason":"error"}]}', b'{"error":"broke"}']
HEAD = {"id": "c1", "model": "m", "created": 1}


def whole(message: object, reason: str | None = "stop", **more: Any) -> list[Event]:
    choices = [{"index": 0, "message": message, "finish_reason": reason}]
    events = read_completion(orjson.dumps({**HEAD, "choices": choices, **more}))
    return [replace(event, frame=None) for event in events]


def test_a_whole_answer_in_order() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
    message = {"content": "hi", "reasoning_content": "hm", "tool_calls": [call]}
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    expected: list[Event] = [
        Start("c1", "m", 1),
        ReasoningDelta("hm"),
        TextDelta("hi"),
        ToolCallStart(0, "a", "f"),
        ToolCallDelta(0, '{"x":1}'),
        ToolCallEnd(0),
        Finish("tool_calls"),
        Usage(9, 5, 3, 2),
        End(),
    ]
    assert expected == whole(message, "tool_calls", usage=usage)


def test_all_events_of_a_whole_answer_share_its_bytes() -> None:
    body = b' {"choices":[{"message":{"content":"a"}}]} '
    events = read_completion(body)
    frame = events[0].frame
    assert isinstance(frame, Frame)
    assert (body, len(events), COMPLETION) == (frame.raw, frame.size, frame.format)
    assert all(event.frame is frame for event in events)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"content": "a"}, [TextDelta("a")]),
        ({"content": None, "refusal": "no"}, [RefusalDelta("no")]),
        ({"content": "a", "reasoning": "r"}, [ReasoningDelta("r"), TextDelta("a")]),
        ({"content": "", "tool_calls": None}, []),
        ({}, []),
        (None, []),
    ],
)
def test_what_a_message_means(message: object, expected: list[Event]) -> None:
    start, *content, finish, end = whole(message)
    assert Start("c1", "m", 1) == start
    assert expected == content
    assert [Finish("stop"), End()] == [finish, end]


def test_every_call_of_a_whole_answer_is_one_even_without_an_id() -> None:
    call = {"function": {"name": "f", "arguments": '{"x":1}'}}
    events = whole({"tool_calls": [call, call]}, "tool_calls")
    starts = [event for event in events if isinstance(event, ToolCallStart)]
    assert [(0, "f"), (1, "f")] == [(start.index, start.name) for start in starts]
    assert starts[0].id != starts[1].id


@pytest.mark.parametrize("field", ["audio", "annotations"])
def test_what_has_no_event_is_named(field: str) -> None:
    start, unknown, text, *_ = whole({"content": "a", field: [{"x": 1}]})
    assert [Start("c1", "m", 1), Opaque(content=field), TextDelta("a")] == [start, unknown, text]


def test_all_counts_are_read() -> None:
    usage = {
        "prompt_tokens": 130,
        "completion_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 12},
    }
    assert Usage(130, 30, 100, 12, cache_write_tokens=20) in whole({"content": "a"}, usage=usage)


@pytest.mark.parametrize("reason", [None, ""])
def test_a_reason_that_is_missing_is_a_natural_end(reason: str | None) -> None:
    assert Finish("stop") in whole({"content": "a"}, reason)


def test_an_answer_without_id_model_or_time_is_still_an_answer() -> None:
    body = b'{"id":null,"created":"now","choices":[{"message":{"content":"a"}}]}'
    assert Start("", "", 0) == replace(read_completion(body)[0], frame=None)


def test_only_the_first_choice_becomes_events() -> None:
    body = b'{"choices":[{"message":{"content":"a"}},{"index":1,"message":{"content":"b"}}]}'
    texts = [event.text for event in read_completion(body) if isinstance(event, TextDelta)]
    assert ["a"] == texts


def test_deepseeks_own_field_for_cached_tokens_counts() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "prompt_cache_hit_tokens": 4}
    assert Usage(9, 5, 4) in whole({"content": "a"}, usage=usage)


@pytest.mark.parametrize("usage", [None, {}, "many", []])
def test_no_counts_no_usage(usage: object) -> None:
    assert [] == [e for e in whole({"content": "a"}, usage=usage) if isinstance(e, Usage)]


def test_counts_that_are_no_numbers_are_zero() -> None:
    usage = {"prompt_tokens": "9", "completion_tokens": None, "prompt_tokens_details": 5}
    assert Usage(0, 0) in whole({"content": "a"}, usage=usage)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"5", b"[]", b"null", b"{}", b'{"choices":[]}', b'{"choices":null}', *ODD],
)
def test_what_is_no_answer_is_broken(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        read_completion(body)


def test_blank_lines_before_the_body_are_keep_alives() -> None:
    body = b'\n\n\n{"choices":[{"message":{"content":"a"}}]}'
    assert TextDelta("a") == replace(read_completion(body)[1], frame=None)


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        ({"code": 400, "message": "bad"}, Kind.BAD_REQUEST, 400),
        ({"code": 402, "message": "bad"}, Kind.BILLING, 402),
        ({"code": "context_length_exceeded", "message": "bad"}, Kind.CONTEXT_TOO_LONG, 400),
        ({"code": 503, "message": "bad"}, Kind.UNAVAILABLE, 503),
        ({"code": "server_error", "message": "bad"}, Kind.BAD_GATEWAY, 502),
        ("bad", Kind.BAD_GATEWAY, 502),
    ],
)
def test_an_error_under_status_200_is_an_error(error: object, kind: Kind, status: int) -> None:
    with pytest.raises(ProxyError) as caught:
        read_completion(orjson.dumps({"error": error, "choices": []}))
    assert (kind, status, "bad") == (caught.value.kind, caught.value.status, caught.value.message)


@pytest.mark.parametrize("reason", ["error", "network_error", "insufficient_system_resource"])
def test_a_reason_that_is_a_failure_is_an_error(reason: str) -> None:
    with pytest.raises(UpstreamBroken):
        whole({"content": "a"}, reason)


def test_what_the_request_did_wrong_is_wrong_everywhere() -> None:
    with pytest.raises(UpstreamRefused) as caught:
        read_completion(b'{"error":{"code":400,"message":"bad"}}')
    assert caught.value.fault is Fault.BAD_REQUEST
