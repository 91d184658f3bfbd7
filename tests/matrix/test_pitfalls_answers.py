"""Pitfalls of answers, whole and streamed."""

import orjson
import pytest

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.events import Failure, Finish, TextDelta, Usage
from tests.matrix.answers import calls, texts
from tests.matrix.pitfalls import (
    ASKED,
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
    names,
    read,
    streamed,
    told,
    whole,
    written,
)
from tests.matrix.requests import chat, responses
from tests.support.scripts import SCRIPTS, data, named

WORK = {vendor: SCRIPTS[vendor]["WORK"] for vendor in CLIENTS}
END = [chunk({}, "stop"), DONE]

clients = pytest.mark.parametrize("client", CLIENTS)
vendors = pytest.mark.parametrize("vendor", CLIENTS)


def calls_of(client: str, body: bytes) -> list[tuple[str, str, object]]:
    return calls(events(client, [body]))


@vendors
def test_01_every_frame_of_anthropics_has_its_name(vendor: str) -> None:
    frames = [f for f in streamed(vendor, WORK[vendor].frames, M).split(b"\n\n") if f]
    assert all(frame.startswith(b"event: ") for frame in frames)
    bare = [frame.split(b"\n", 1)[1] for frame in WORK[M].frames]
    assert names(streamed(M, bare, M)) == names(streamed(M, WORK[M].frames, M))


@vendors
def test_02_gemini_clients_get_nothing_but_data(vendor: str) -> None:
    noise = [b": comment\n\n", b"event: ping\n\n"] if vendor != G else [b"\n"]
    body = streamed(vendor, [*noise, *WORK[vendor].frames, DONE], G)
    lines = [line for line in body.split(b"\n") if line.strip()]
    assert all(line.startswith(b"data: {") for line in lines)


@vendors
@pytest.mark.parametrize("client", [C, R])
def test_03_openai_clients_get_no_event_without_data(client: str, vendor: str) -> None:
    noise = [b"event: ping\n\n"] if vendor != G else []
    frames = streamed(vendor, [*noise, *WORK[vendor].frames], client).split(b"\n\n")
    for frame in frames:
        assert not frame.startswith(b"event") or b"\ndata: {" in frame


MIXED = [
    call(0, "a", "f", '{"x":'),
    call(1, "b", "g", '{"y":'),
    call(0, arguments="1}"),
    call(1, arguments="2}"),
    CALLED,
    DONE,
]


@clients
def test_18_mixed_pieces_of_calls_are_put_in_order(client: str) -> None:
    assert calls_of(client, streamed(C, MIXED, client)) == [
        ("a", "f", {"x": 1}),
        ("b", "g", {"y": 2}),
    ]


def test_18_no_piece_goes_into_a_closed_block() -> None:
    open_: set[int] = set()
    for event in told(streamed(C, MIXED, M)):
        match event:
            case {"type": "content_block_start", "index": index}:
                assert not open_
                open_.add(index)
            case {"type": "content_block_delta", "index": index}:
                assert index in open_
            case {"type": "content_block_stop", "index": index}:
                open_.remove(index)
            case _:
                pass


@clients
@pytest.mark.parametrize("index", [0, None])
def test_19_calls_of_one_index_are_not_one_call(client: str, index: int | None) -> None:
    frames = [call(index, "a", "f", '{"x":1}'), call(index, "b", "f", '{"x":2}'), CALLED, DONE]
    found = [(id_, args) for id_, _, args in calls_of(client, streamed(C, frames, client))]
    assert found == [("a", {"x": 1}), ("b", {"x": 2})]


@clients
def test_20_arguments_that_come_only_when_they_are_done(client: str) -> None:
    deltas = b"function_call_arguments.delta"
    frames = [frame for frame in WORK[R].frames if deltas not in frame]
    found = calls_of(client, streamed(R, frames, client))
    assert [args for _, _, args in found] == [{"city": "Rome"}, {}]


@clients
@vendors
def test_21_a_call_without_arguments_has_an_empty_object(client: str, vendor: str) -> None:
    body = streamed(vendor, WORK[vendor].frames, client)
    assert calls_of(client, body)[1][2] == {}
    frames = [call(0, "a", "f"), CALLED, DONE]
    assert calls_of(client, streamed(C, frames, client)) == [("a", "f", {})]
    if client == C:
        pieces = [c["function"].get("arguments") for c in _chat_calls(streamed(C, frames, M), M)]
        assert "".join(pieces) == "{}"


def _chat_calls(body: bytes, vendor: str = C) -> list[Json]:
    """The pieces of calls that a chat client gets of a stream."""
    frames = told(streamed(vendor, [body], C))
    deltas = [choice["delta"] for frame in frames for choice in frame["choices"]]
    return [piece for delta in deltas for piece in delta.get("tool_calls", ())]


@vendors
def test_22_and_23_calls_count_from_0_and_are_named_once(vendor: str) -> None:
    pieces = _chat_calls(b"".join(WORK[vendor].frames), vendor)
    assert [(p["index"], p["function"]["name"]) for p in pieces if "id" in p] == [
        (0, "weather"),
        (1, "clock"),
    ]
    assert all("name" not in p["function"] and "type" not in p for p in pieces if "id" not in p)


@clients
@pytest.mark.parametrize("reason", ["stop", "", "unknown", None])
def test_24_an_answer_with_calls_ends_for_them(client: str, reason: str | None) -> None:
    last = [chunk({}, reason)] if reason else [chunk({}, "stop")]
    body = streamed(C, [call(0, "a", "f", "{}"), *last, DONE], client)
    assert [e for e in events(client, [body]) if isinstance(e, Finish)][0].reason == "tool_calls"
    stops = SCRIPTS[G]["WORK"].whole
    finish = DIALECTS[client].read_whole(orjson.dumps(whole(G, stops, client)))
    assert [e for e in finish if isinstance(e, Finish)][0].reason == "tool_calls"


@clients
def test_25_chunks_without_choices_or_delta_are_nothing(client: str) -> None:
    strange = [
        data({"id": "c1", "model": "m", "choices": []}),
        data({"id": "c1", "model": "m"}),
        data({"id": "c1", "choices": [{"index": 0, "delta": None, "finish_reason": None}]}),
        data({"id": "c1", "choices": None, "usage": None}),
        chunk({"role": "", "content": None, "tool_calls": [], "reasoning_content": None}, ""),
    ]
    body = streamed(C, [*strange, chunk({"content": "hi"}), *strange, *END], client)
    assert texts(events(client, [body]), TextDelta) == "hi"


def test_26_counts_are_not_told_to_a_chat_client_that_did_not_ask() -> None:
    for vendor in (R, M, G, C):
        assert b'"usage":{' not in streamed(vendor, WORK[vendor].frames, C)


@clients
@vendors
def test_27_28_and_29_tokens_are_counted_once(client: str, vendor: str) -> None:
    bodies = [
        DIALECTS[client].read_whole(orjson.dumps(whole(vendor, WORK[vendor].whole, client))),
        events(client, [streamed(vendor, WORK[vendor].frames, client)]) if client != C else [],
    ]
    for came in bodies:
        for usage in [event for event in came if isinstance(event, Usage)][-1:]:
            counts = (usage.input_tokens, usage.output_tokens, usage.cached_tokens)
            assert (*counts, usage.reasoning_tokens) == (130, 30, 100, 12)
    if client == M:
        (delta,) = [e for e in told(streamed(vendor, WORK[vendor].frames, M)) if "usage" in e]
        uncached = 30 if vendor == G else 10
        assert delta["usage"]["input_tokens"] in (uncached, 10)


@vendors
def test_30_what_is_thought_and_what_is_said_are_blocks_of_their_own(vendor: str) -> None:
    came = told(streamed(vendor, WORK[vendor].frames, M))
    assert [e["type"] for e in came].count("message_start") == 1
    begun = [e["content_block"]["type"] for e in came if e["type"] == "content_block_start"]
    assert [kind for kind in begun if kind != "thinking"] == ["text", "tool_use", "tool_use"]
    assert begun[0] == "thinking"
    assert [e["index"] for e in came if e["type"] == "content_block_start"] == list(
        range(len(begun))
    )


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
    assert calls_of(client, streamed(R, frames, client, as_sent))[0][1] == name


@clients
@vendors
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_67_letters_cut_by_the_network_are_whole_again(
    client: str, vendor: str, size: int
) -> None:
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
        as_sent = written(R, asked, vendor, "m" if vendor == C else "", "compatible" * (vendor == C))
        assert as_sent.customs == {"apply_patch"}
        frames = [
            frame.replace(b"weather", b"apply_patch").replace(b'city', b"input")
            for frame in WORK[vendor].frames
        ]
        came = told(streamed(vendor, frames, R, as_sent))
        items = [item for item in came[-1]["response"]["output"] if "call_id" in item]
        assert (items[0]["type"], items[0]["input"]) == ("custom_tool_call", "Rome")
        assert items[1]["type"] == "function_call"
        assert "response.custom_tool_call_input.done" in [event["type"] for event in came]


@clients
@pytest.mark.parametrize("arguments", ['```json\n{"a":1}\n```', '{"a":1} done', '{"a":', "nonsense"])
def test_78_bad_arguments_do_not_break_the_stream(client: str, arguments: str) -> None:
    frames = [chunk({"content": "hi"}), call(0, "a", "f", arguments), CALLED, DONE]
    came = [e for e in events(client, [streamed(C, frames, client)])]
    assert texts(came, TextDelta) == "hi"
    assert not any(isinstance(event, Failure) for event in came)
    assert [event.reason for event in came if isinstance(event, Finish)] == ["tool_calls"]


def test_26_late_counts_reach_who_always_gets_them() -> None:
    frames = [chunk({"content": "hi"}), chunk({}, "stop"), chat_usage(), DONE]
    for client in (R, M, G):
        usage = [e for e in events(client, [streamed(C, frames, client)]) if isinstance(e, Usage)]
        assert (usage[-1].input_tokens, usage[-1].output_tokens) == (9, 5)


def test_29_later_counts_overwrite_earlier_ones() -> None:
    start = {"id": "i", "type": "message", "role": "assistant", "model": "m", "content": []}
    frames = [
        named({"type": "message_start", "message": {**start, "usage": {"input_tokens": 25, "output_tokens": 1}}}),
        named({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        named({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}}),
        named({"type": "content_block_stop", "index": 0}),
        named({"type": "message_delta", "delta": {"stop_reason": None}, "usage": {"output_tokens": 7}}),
        named({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 15}}),
        named({"type": "message_stop"}),
    ]
    usage = [event for event in events(M, frames) if isinstance(event, Usage)][-1]
    assert (usage.input_tokens, usage.output_tokens) == (25, 15)
    assert read(M, ASKED[M])
