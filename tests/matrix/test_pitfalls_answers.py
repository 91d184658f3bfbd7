"""Pitfalls of answers, whole and streamed."""

import orjson
import pytest

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.events import Finish, TextDelta, Usage
from tests.matrix.answers import calls, texts
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
    chunk,
    events,
    names,
    streamed,
    told,
    whole,
)
from tests.support.scripts import SCRIPTS, data

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
@pytest.mark.parametrize("reason", ["stop", "unknown"])
def test_24_an_answer_with_calls_ends_for_them(client: str, reason: str) -> None:
    frames = [call(0, "a", "f", "{}"), chunk({}, reason), DONE]
    stopped = whole(G, WORK[G].whole, client)  # with STOP, as ever
    for came in (
        events(client, [streamed(C, frames, client)]) if client != C else events(C, frames),
        DIALECTS[client].read_whole(orjson.dumps(stopped)),
    ):
        assert [e.reason for e in came if isinstance(e, Finish)] == ["tool_calls"]


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
        frames = streamed(vendor, WORK[vendor].frames, M)
        (delta,) = [event["usage"] for event in told(frames) if event["type"] == "message_delta"]
        # Gemini does not tell what it wrote to a cache.
        assert delta.get("input_tokens", 10) == (30 if vendor == G else 10)


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
