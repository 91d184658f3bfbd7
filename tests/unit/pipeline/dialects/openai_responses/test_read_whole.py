import json
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.openai_responses.read_whole import read_count, read_whole
from llm_proxy.pipeline.errors import ProxyError, UpstreamBroken, UpstreamRateLimited
from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
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
from tests.unit.pipeline.dialects.openai_responses.wire import bare, response


def read(answer: Any) -> list[Event]:
    return bare(read_whole(json.dumps(answer).encode(), "v"))


def test_a_whole_answer() -> None:
    events = read(response())
    state = events.pop(2)
    assert isinstance(state, ReasoningState)
    assert ("v", "rs_2") == (state.seal.maker, state.seal.block["id"])
    assert [
        Start("resp_1", "m", 5),
        ReasoningDelta("plan\n\nmore"),
        TextDelta("Hi you"),
        ToolCallStart(0, "call_2", "w"),
        ToolCallDelta(0, '{"c":2}'),
        ToolCallEnd(0),
        Usage(130, 30, 100, 12, cache_write_tokens=20),
        Finish("tool_calls"),
        End(),
    ] == events


def test_a_hosted_item_and_a_refusal() -> None:
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}
    events = read(response([{"type": "web_search_call"}, refusal]))
    assert [Opaque(content="web_search_call"), RefusalDelta("no")] == events[1:3]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "stop"),
        ({"status": "queued"}, "pause"),
        ({"status": "incomplete"}, "length"),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            "content_filter",
        ),
    ],
)
def test_why_it_ended(fields: Any, reason: str) -> None:
    assert [reason] == [e.reason for e in read(response([], **fields)) if isinstance(e, Finish)]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (response([], "failed", error={"code": "rate_limit_exceeded"}), UpstreamRateLimited),
        (response([], "failed"), UpstreamBroken),
        (response([], "cancelled"), UpstreamBroken),
        ({"error": "odd"}, ProxyError),
        ({}, UpstreamBroken),
        ([], UpstreamBroken),
        ({"output": {}}, UpstreamBroken),
    ],
)
def test_what_is_no_answer_raises(answer: Any, kind: type[ProxyError]) -> None:
    with pytest.raises(kind):
        read(answer)


def test_counts() -> None:
    assert 7 == read_count(b'{"object": "response.input_tokens", "input_tokens": 7}')
    for body in (b"{}", b"x", b"[]", b'{"error": {"message": "no"}}'):
        with pytest.raises(ProxyError):
            read_count(body)
