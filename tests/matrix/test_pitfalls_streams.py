"""Pitfalls of what vendors say in strange forms, and of what only a stream can do wrong."""

import orjson
import pytest

from llm_proxy.pipeline.events import Failure, Finish, TextDelta, Usage
from tests.matrix.answers import calls, texts
from tests.matrix.bodies import chat, responses
from tests.matrix.pitfalls import (
    CALLED,
    CLIENTS,
    DONE,
    C,
    G,
    Json,
    M,
    R,
    call,
    chat_usage,
    chunk,
    events,
    streamed,
    told,
    whole,
    written,
)
from tests.support.scripts import SCRIPTS, data, named

WORK = {vendor: SCRIPTS[vendor]["WORK"] for vendor in CLIENTS}

clients = pytest.mark.parametrize("client", CLIENTS)
vendors = pytest.mark.parametrize("vendor", CLIENTS)


@vendors
def test_44_and_45_a_response_is_complete_and_keeps_its_id(vendor: str) -> None:
    came = told(streamed(vendor, WORK[vendor].frames, R))
    assert [event["sequence_number"] for event in came] == list(range(len(came)))
    assert came[-1]["type"] == "response.completed"
    done = [e["item"] for e in came if e["type"] == "response.output_item.done"]
    assert done
    assert came[-1]["response"]["output"] == done
    assert len({event["response"]["id"] for event in came if "response" in event}) == 1


@clients
def test_46_an_error_in_a_chunk_is_a_failure(client: str) -> None:
    broken = chunk({"content": ""}, "error", error={"code": 502, "message": "Provider down"})
    came = events(client, [streamed(C, [chunk({"content": "hi"}), broken, DONE], client)])
    assert isinstance(came[-1], Failure)
    assert came[-1].error.message == "Provider down"
    assert not any(isinstance(event, Finish) for event in came)


def test_48_and_49_errors_in_streams_have_the_form_that_sdks_look_for() -> None:
    failed = [chunk({"content": "hi"}), data({"error": {"message": "no", "code": 503}})]
    assert b'data: {"error":' in streamed(C, failed, G)
    body = streamed(C, failed[1:], R)
    error = told(body)[-1]
    if error["type"] == "error":
        assert error["message"] == error["error"]["message"] == "no"
    else:
        assert error["response"]["error"]["message"] == "no"


@clients
@pytest.mark.parametrize("reason", ["SAFETY", "MAX_TOKENS"])
@pytest.mark.parametrize("content", [{}, {"content": {}}, {"content": {"role": "model"}}])
def test_58_a_candidate_without_parts(client: str, reason: str, content: Json) -> None:
    answer = {"candidates": [{**content, "finishReason": reason}], "responseId": "r"}
    came = events(client, [streamed(G, [data(answer)], client)])
    finish = [event.reason for event in came if isinstance(event, Finish)]
    assert finish == ["length" if reason == "MAX_TOKENS" else "content_filter"]
    assert whole(G, answer, client)


@clients
def test_58_a_blocked_prompt_without_candidates(client: str) -> None:
    answer = {"promptFeedback": {"blockReason": "SAFETY"}, "responseId": "r"}
    came = events(client, [streamed(G, [data(answer)], client)])
    finishes = [event.reason for event in came if isinstance(event, Finish)]
    assert finishes == ["content_filter"]
    assert whole(G, answer, client)


@clients
def test_59_renamed_tools_have_their_names_again_in_the_stream(client: str) -> None:
    name = "x" * 100
    tools = [{"type": "function", "function": {"name": name}}]
    as_sent = written(C, chat(tools=tools), R)
    (short,) = as_sent.names
    frames = [frame.replace(b'"weather"', f'"{short}"'.encode()) for frame in WORK[R].frames]
    assert calls(events(client, [streamed(R, frames, client, as_sent)]))[0][1] == name


@clients
@vendors
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_67_letters_cut_by_the_network_are_whole_again(client: str, vendor: str, size: int) -> None:
    text = "a\u2028b\x85ü🙂\r\n"
    told_ = orjson.dumps(text)[1:-1]
    frames = [frame.replace(b"Hello", told_) for frame in SCRIPTS[vendor]["TALK"].frames]
    body = b"".join(frames)
    pieces = [body[n : n + size] for n in range(0, len(body), size)]
    came = events(client, [streamed(vendor, pieces, client)])
    assert texts(came, TextDelta) == f"{text} you"


@clients
@vendors
def test_67_lines_may_end_as_they_do_elsewhere(client: str, vendor: str) -> None:
    frames = [frame.replace(b"\n", b"\r\n") for frame in WORK[vendor].frames]
    came = events(client, [streamed(vendor, frames, client)])
    assert texts(came, TextDelta) == "Hi"
    assert len(calls(came)) == 2
    assert not any(isinstance(event, Failure) for event in came)


def test_73_a_tool_of_free_text_is_called_as_one() -> None:
    asked = responses(tools=[{"type": "custom", "name": "apply_patch"}])
    for vendor in (M, G, C):
        as_sent = written(
            R, asked, vendor, "m" if vendor == C else "", "compatible" * (vendor == C)
        )
        assert as_sent.customs == {"apply_patch"}
        frames = [
            frame.replace(b"weather", b"apply_patch").replace(b"city", b"input")
            for frame in WORK[vendor].frames
        ]
        came = told(streamed(vendor, frames, R, as_sent))
        items = [item for item in came[-1]["response"]["output"] if "call_id" in item]
        assert (items[0]["type"], items[0]["input"]) == ("custom_tool_call", "Rome")
        assert items[1]["type"] == "function_call"
        assert "response.custom_tool_call_input.done" in [event["type"] for event in came]


@clients
@pytest.mark.parametrize(
    "arguments", ['```json\n{"a":1}\n```', '{"a":1} done', '{"a":', "nonsense"]
)
def test_78_bad_arguments_do_not_break_the_stream(client: str, arguments: str) -> None:
    frames = [chunk({"content": "hi"}), call(0, "a", "f", arguments), CALLED, DONE]
    came = events(client, [streamed(C, frames, client)])
    assert texts(came, TextDelta) == "hi"
    assert not any(isinstance(event, Failure) for event in came)
    assert [event.reason for event in came if isinstance(event, Finish)] == ["tool_calls"]


def test_26_late_counts_reach_who_always_gets_them() -> None:
    frames = [chunk({"content": "hi"}), chunk({}, "stop"), chat_usage(), DONE]
    for client in (R, M, G):
        usage = [e for e in events(client, [streamed(C, frames, client)]) if isinstance(e, Usage)]
        assert (usage[-1].input_tokens, usage[-1].output_tokens) == (9, 5)


def test_29_later_counts_overwrite_earlier_ones() -> None:
    start: Json = {"id": "i", "type": "message", "role": "assistant", "model": "m", "content": []}
    frames = [
        named(
            {
                "type": "message_start",
                "message": {**start, "usage": {"input_tokens": 25, "output_tokens": 1}},
            }
        ),
        named(
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "text", "text": ""},
            }
        ),
        named(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": "hi"},
            }
        ),
        named({"type": "content_block_stop", "index": 0}),
        named(
            {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {"output_tokens": 7}}
        ),
        named(
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn"},
                "usage": {"output_tokens": 15},
            }
        ),
        named({"type": "message_stop"}),
    ]
    usage = [event for event in events(M, frames) if isinstance(event, Usage)][-1]
    assert (usage.input_tokens, usage.output_tokens) == (25, 15)
