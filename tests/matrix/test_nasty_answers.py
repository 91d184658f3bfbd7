"""Answers that no tidy vendor would give, and what went wrong with them once."""

from collections.abc import Sequence
from dataclasses import replace

import orjson
import pytest

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import End, Failure, Finish, TextDelta, ToolCallStart, Usage
from tests.matrix.answers import calls, texts
from tests.matrix.pitfalls import (
    ASKED,
    CALLED,
    CLIENTS,
    DONE,
    C,
    G,
    M,
    batches,
    call,
    chat_usage,
    chunk,
    events,
    read,
    streamed,
    whole,
)
from tests.matrix.test_nasty_requests import STRANGE, changed, places
from tests.support.scripts import SCRIPTS, data, named

clients = pytest.mark.parametrize("client", CLIENTS)
vendors = pytest.mark.parametrize("vendor", CLIENTS)


@vendors
def test_anything_anywhere_in_an_answer_is_read_or_a_failure(vendor: str) -> None:
    answer = SCRIPTS[vendor]["WORK"].whole
    for place in places(answer):
        for strange in STRANGE:
            try:
                body = orjson.dumps(changed(answer, place, strange))
                came = DIALECTS[vendor].read_whole(body, "it")
            except ProxyError:
                continue
            for client in CLIENTS:
                written = DIALECTS[client].write_whole(read(client, ASKED[client]), came)
                DIALECTS[client].read_whole(written)


@vendors
def test_anything_anywhere_in_a_stream_has_one_end(vendor: str) -> None:
    frames = SCRIPTS[vendor]["WORK"].frames
    for number, frame in enumerate(frames):
        head, mark, rest = frame.partition(b"data: {")
        for place in places(orjson.loads(b"{" + rest)) if mark else ():
            for strange in (None, "", [], {}, 1.5):
                told = changed(orjson.loads(b"{" + rest), place, strange)
                new = head + data(told)
                mutated = [*frames[:number], new, *frames[number + 1 :]]
                _has_one_end(vendor, mutated)


def _has_one_end(vendor: str, frames: Sequence[bytes]) -> None:
    came = [event for some in batches(vendor, frames) for event in some]
    ends = [event for event in came if isinstance(event, End | Failure)]
    assert len(ends) == 1
    finished = any(isinstance(event, Finish) for event in came)
    for client in CLIENTS:
        last = events(client, [streamed(vendor, frames, client)])[-1]
        is_cut = isinstance(ends[0], End) and not finished and client != vendor
        assert isinstance(last, Failure if is_cut else type(ends[0]))


@clients
@pytest.mark.parametrize("said", [[], [call(0, "a", "f", '{"x":1}')]], ids=["text", "a call"])
def test_no_finish_is_made_up_for_a_server_that_tells_none(client: str, said: list[bytes]) -> None:
    frames = [chunk({"content": "hi"}), *said, DONE]
    body = streamed(C, frames, client)
    came = events(client, [body])
    assert not [event for event in came if isinstance(event, Finish)]
    if client == C:
        assert body == b"".join(frames), "its own client gets what was sent"
    else:
        assert isinstance(came[-1], Failure)


@clients
def test_calls_of_one_id_are_two_calls(client: str) -> None:
    frames = [call(0, "a", "f", '{"x":1}'), call(1, "a", "f", '{"x":2}'), CALLED, DONE]
    if client != C:  # whose own bytes are relayed
        _are_two(client, streamed(C, frames, client))
    parts = [{"functionCall": {"id": "a", "name": "f", "args": {"x": n}}} for n in (1, 2)]
    content = {"role": "model", "parts": parts}
    if client != G:
        chunk_ = {"candidates": [{"content": content, "finishReason": "STOP"}], "responseId": "r"}
        _are_two(client, streamed(G, [data(chunk_)], client))


def _are_two(client: str, body: bytes) -> None:
    (one, *about), (other, *more) = calls(events(client, [body]))
    assert one == "a"
    assert other != "a"
    assert (about, more) == (["f", {"x": 1}], ["f", {"x": 2}])


def test_pieces_of_a_call_stay_its_pieces_whatever_their_index() -> None:
    frames = [call(None, "a", "f", '{"x"'), call(0, "a", arguments=":1}"), CALLED, DONE]
    assert calls(events(C, frames)) == [("a", "f", {"x": 1})]


def test_a_call_whose_beginning_a_rule_has_changed_gets_no_second_arguments() -> None:
    frames = [call(0, "a", "f"), call(0, arguments='{"x":1}'), CALLED, DONE]
    writer = DIALECTS[C].write_stream(replace(read(C, ASKED[C]), stream=True))
    body = b""
    for some in batches(C, frames):
        # A stage lets the pieces through and makes the beginning and the end anew.
        kept = [
            replace(e, frame=None) if isinstance(e, ToolCallStart | Finish) else e for e in some
        ]
        body += writer.write(kept)
    assert calls(events(C, [body])) == [("a", "f", {"x": 1})]


ODD_USAGE = [
    chat_usage(1, 0),
    chunk({"content": "hi"}, usage={"prompt_tokens": 9, "completion_tokens": 1}),
    chat_usage(9, 2),
    chunk({}, "stop", usage={"prompt_tokens": 9, "completion_tokens": 3}),
    DONE,
]


@clients
def test_the_last_counts_are_the_ones(client: str) -> None:
    if client == C:
        return  # it did not ask
    came = events(client, [streamed(C, ODD_USAGE, client)])
    usage = [event for event in came if isinstance(event, Usage)][-1]
    assert (usage.input_tokens, usage.output_tokens) == (9, 3)


@clients
@pytest.mark.parametrize("late", [chunk({"content": " more"}), chunk({}, "stop"), chat_usage()])
def test_what_comes_behind_the_finish_does_not_finish_twice(client: str, late: bytes) -> None:
    frames = [chunk({"content": "hi"}), chunk({}, "stop"), late, DONE]
    came = events(client, [streamed(C, frames, client)])
    assert texts(came, TextDelta).startswith("hi")
    assert isinstance(came[-1], End)
    if client != C:
        assert len([event for event in came if isinstance(event, Finish)]) == 1


@clients
def test_reasoning_between_texts_stays_there(client: str) -> None:
    pieces = [{"content": "a"}, {"reasoning": "hm"}, {"content": "b"}]
    frames = [*map(chunk, pieces), chunk({}, "stop"), DONE]
    assert texts(events(client, [streamed(C, frames, client)]), TextDelta) == "ab"


@clients
def test_arguments_too_deep_to_be_written_are_a_failure(client: str) -> None:
    deep = b'{"a":' * 400 + b"{}" + b"}" * 400
    start = named(
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "a", "name": "f", "input": {"a": "DEEP"}},
        }
    ).replace(b'"DEEP"', deep)
    stop = named({"type": "content_block_stop", "index": 0})
    frames = [SCRIPTS[M]["TALK"].frames[0], start, stop]
    assert isinstance(events(client, [streamed(M, frames, client)])[-1], Failure)


@clients
def test_an_answer_of_nothing_is_an_answer(client: str) -> None:
    frames = [chunk({"role": "assistant", "content": ""}), chunk({}, "stop"), DONE]
    came = events(client, [streamed(C, frames, client)])
    assert [event.reason for event in came if isinstance(event, Finish)] == ["stop"]
    choice = {"index": 0, "message": {"content": None}, "finish_reason": "stop"}
    assert whole(C, {"id": "c", "choices": [choice]}, client)
