import json
from dataclasses import replace
from typing import Any

import pytest
from openai.types.responses import Response

from llm_proxy.pipeline.dialects.openai_responses.read_whole import read_whole
from llm_proxy.pipeline.dialects.openai_responses.write_whole import write_whole
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    End,
    Finish,
    ReasoningDelta,
    Start,
    TextDelta,
    TokenCount,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from tests.unit.pipeline.dialects.openai_responses.wire import (
    GROUP,
    OUTPUT,
    USAGE,
    request,
    response,
)

SEARCH_CALL = {
    "type": "web_search_call",
    "id": "w",
    "status": "completed",
    "action": {"type": "search", "query": "q"},
    "x": 1,
}
START = Start("chatcmpl-1", "gpt", 7)


def test_an_untouched_answer_leaves_byte_for_byte() -> None:
    body = json.dumps(response([SEARCH_CALL, *OUTPUT]), indent=2).encode()
    assert body == write_whole(request(), read_whole(body, "v"))


def test_a_changed_text_changes_only_itself() -> None:
    before = response([SEARCH_CALL, *OUTPUT])
    events = read_whole(json.dumps(before).encode(), "v")
    changed = [
        replace(e, text="Bye", frame=None) if isinstance(e, TextDelta) else e for e in events
    ]
    after = json.loads(write_whole(request(), changed))
    Response.model_validate(after)
    assert [SEARCH_CALL["type"], "reasoning", "message", "function_call"] == [
        item["type"] for item in after["output"]
    ]
    assert SEARCH_CALL == after["output"][0]
    assert ("rs_2", "gAAA") == (after["output"][1]["id"], after["output"][1]["encrypted_content"])
    assert "Bye" == after["output"][2]["content"][0]["text"]
    kept = {n: v for n, v in before.items() if n not in ("output", "completed_at")}
    assert kept == {name: after[name] for name in kept}


def test_an_answer_of_another_dialect() -> None:
    events = [
        START,
        ReasoningDelta("plan"),
        TextDelta("Hi"),
        ToolCallStart(0, "call_2", "ns__inner"),
        ToolCallDelta(0, '{"c":2}'),
        ToolCallEnd(0),
        Usage(130, 30, 100, 12, cache_write_tokens=20),
        Finish("tool_calls"),
        End(),
    ]
    answer: Any = json.loads(write_whole(request(tools=[GROUP]), events))
    Response.model_validate(answer)
    reasoning, message, call = answer["output"]
    assert "plan" == reasoning["summary"][0]["text"]
    assert "Hi" == message["content"][0]["text"]
    assert ("call_2", "inner", "ns") == (call["call_id"], call["name"], call["namespace"])
    assert (USAGE, "completed", None) == tuple(
        answer[name] for name in ("usage", "status", "incomplete_details")
    )
    assert [GROUP] == answer["tools"]


def test_a_count() -> None:
    counted = json.loads(write_whole(request(), [TokenCount(7), End()]))
    assert {"object": "response.input_tokens", "input_tokens": 7} == counted


def test_an_answer_without_a_finish_is_none() -> None:
    with pytest.raises(UpstreamBroken):
        write_whole(request(), [START, TextDelta("a"), End()])
