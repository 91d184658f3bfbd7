"""A vendor that refuses, hangs, sends half an answer or garbage: what the client gets."""

import asyncio
import socket
from typing import Any

import orjson
import pytest

from tests.integration.conftest import Start
from tests.support.log_lines import request_lines
from tests.support.until import until
from tests.support.vendor import (
    DONE,
    HELLO,
    Connection,
    Play,
    completion,
    delta,
    hangs,
    resets,
    streamed,
    whole,
)


async def _slow_head(at: Connection) -> None:
    await at.send(b"HTTP/1.1 200 OK\r\n")
    await asyncio.Event().wait()


async def _half_a_body(at: Connection) -> None:
    await at.head(200, content_type="application/json", content_length="1000")
    await at.send(orjson.dumps(completion())[:50])
    raise ConnectionResetError


async def _not_http(at: Connection) -> None:
    await at.send(b"220 mail.example ESMTP\r\n")


def _refusal(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "t", "param": None, "code": None, **fields}}


BEFORE_CONTENT: list[tuple[str, Play, int]] = [
    ("reset before the head", resets, 502),
    ("half a body", _half_a_body, 502),
    ("not HTTP", _not_http, 502),
    ("empty body", whole(b""), 502),
    ("HTML", whole(b"<html>", content_type="text/html"), 502),
    ("broken JSON", whole(b'{"id":'), 502),
    ("JSON of another shape", whole(b"[1]"), 502),
    ("no choices", whole(completion(choices=[])), 502),
    ("an error with status 200", whole(_refusal("sorry")), 502),
    ("an error with status 200 and its own code", whole(_refusal("slow", code=429)), 429),
    ("a flat error of older vLLM", whole({"object": "error", "message": "no", "code": 400}), 400),
    ("a redirect", whole(b"", 302, location="http://127.0.0.1:1/"), 502),
    ("bad request", whole(_refusal("bad"), 400), 400),
    ("unprocessable", whole(_refusal("bad"), 422), 400),
    ("the proxy's key is wrong", whole(_refusal("no"), 401), 502),
    ("no credit", whole(_refusal("pay"), 402), 429),
    ("forbidden", whole(_refusal("no"), 403), 403),
    ("unknown model", whole(_refusal("what"), 404), 404),
    ("rate limit", whole(_refusal("slow down"), 429), 429),
    ("internal error", whole(_refusal("oops"), 500), 502),
    ("bad gateway, no JSON", whole(b"<html>502</html>", 502), 502),
    ("overloaded", whole(_refusal("busy"), 503), 503),
    ("overloaded, Anthropic's way", whole(_refusal("busy"), 529), 503),
    ("gateway timeout", whole(b"", 504), 504),
]

STREAMS: list[tuple[str, Play, int]] = [
    ("an empty stream", streamed([]), 502),
    ("cut after the role", streamed(HELLO[:1], ends="cut"), 502),
    ("ended after the role", streamed(HELLO[:1]), 502),
    ("reset after the role", streamed(HELLO[:1], ends="reset"), 502),
    ("only comments", streamed([b": hi\n\n"]), 502),
    ("garbage", streamed([b"data: {not json\n\n"]), 502),
    ("an error in the first chunk", streamed([b'data: {"error":{"message":"x"}}\n\n']), 502),
    ("a JSON list", streamed([b"data: [1]\n\n"]), 502),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("play", "status"), [row[1:] for row in BEFORE_CONTENT], ids=[row[0] for row in BEFORE_CONTENT]
)
async def test_before_the_first_content(
    start: Start, play: Play, status: int, *, stream: bool
) -> None:
    bench = await start(play)

    async with bench.ask(stream=stream) as response:
        body = await response.json()
        assert response.status == status
    assert body["error"]["message"]
    assert "fake-vendor-key" not in str(body)


@pytest.mark.parametrize(
    ("play", "status"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS]
)
async def test_a_stream_that_breaks_before_its_content_is_an_http_error(
    start: Start, play: Play, status: int
) -> None:
    bench = await start(play)

    async with bench.ask(stream=True) as response:
        body = await response.json()
        assert response.status == status
    assert body["error"]["type"] == "server_error"


async def test_refused(start: Start) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dead = f'[backends.dead]\ntype = "openai"\napi_url = "http://127.0.0.1:{port}/v1"'
    bench = await start(hangs, more=dead)

    async with bench.ask(model="dead:m") as response:
        assert response.status == 502
        assert 'no connection to the backend "dead"' in (await response.json())["error"]["message"]


@pytest.mark.parametrize("play", [hangs, _slow_head])
@pytest.mark.parametrize("stream", [False, True])
async def test_hanging(start: Start, play: Play, *, stream: bool) -> None:
    bench = await start(play, total="200ms")

    async with bench.ask(stream=stream) as response:
        assert response.status == 504
    await bench.vendor.left(2)


async def test_a_4xx_keeps_message_code_and_param(start: Start) -> None:
    bench = await start(whole(_refusal("too hot", code="c1", param="temperature"), 400))

    async with bench.ask() as response:
        assert await response.json() == {
            "error": {
                "message": "too hot",
                "type": "invalid_request_error",
                "param": "temperature",
                "code": "c1",
            }
        }


async def test_retry_after_reaches_the_client(start: Start) -> None:
    bench = await start(whole(_refusal("slow"), 429, retry_after="7"))

    async with bench.ask() as response:
        assert response.headers["Retry-After"] == "7"


async def test_a_quota_that_is_used_up_is_not_to_be_retried(start: Start) -> None:
    bench = await start(whole(_refusal("pay", code="insufficient_quota"), 429))

    async with bench.ask() as response:
        assert response.status == 429
        assert response.headers["x-should-retry"] == "false"
        assert (await response.json())["error"]["type"] == "insufficient_quota"


async def test_the_vendors_key_is_never_repeated(start: Start) -> None:
    bench = await start(whole(_refusal("wrong key fake-vendor-key!"), 401))

    async with bench.ask() as response:
        text = await response.text()
    assert "fake-vendor-key" not in text
    assert "[key]" in text


@pytest.mark.parametrize("ends", ["cut", "reset", "well", "stalls"])
async def test_a_stream_that_breaks_in_the_middle_says_so(start: Start, ends: str) -> None:
    bench = await start(streamed(HELLO[:3], ends=ends))

    async with bench.ask(stream=True) as response:
        assert response.status == 200
        body = await response.read()
    *frames, last = body.removesuffix(b"\n\n").split(b"\n\n")
    assert b"".join(frame + b"\n\n" for frame in frames) == b"".join(HELLO[:3])
    error = orjson.loads(last.removeprefix(b"data: "))["error"]
    assert error["type"] == "server_error"
    assert b"[DONE]" not in body


@pytest.mark.parametrize(
    "garbage", [b"data: {oops\n\n", b'data: {"error":{"message":"overloaded","code":529}}\n\n']
)
async def test_garbage_in_the_middle_is_an_error_and_nothing_after_it_counts(
    start: Start, garbage: bytes
) -> None:
    bench = await start(streamed([*HELLO[:3], garbage, delta(content="more"), DONE]))

    async with bench.ask(stream=True) as response:
        body = await response.read()
    assert body.startswith(b"".join(HELLO[:3]))
    assert b'"error"' in body
    assert b"more" not in body
    assert b"[DONE]" not in body


async def test_a_whole_answer_whose_stream_breaks_is_an_http_error(start: Start) -> None:
    bench = await start(streamed(HELLO[:3], ends="cut"))

    async with bench.ask() as response:
        assert response.status == 502


async def test_the_end_without_done_is_an_end_after_a_finish(start: Start) -> None:
    bench = await start(streamed(HELLO[:4]))

    async with bench.ask(stream=True) as response:
        assert await response.read() == b"".join(HELLO[:4]) + DONE


@pytest.mark.parametrize(
    "play",
    [
        whole(_refusal("bad fake-vendor-key")),
        streamed([b'data: {"error":{"message":"bad fake-vendor-key"}}\n\n']),
        streamed([*HELLO[:3], b'data: {"error":{"message":"bad fake-vendor-key"}}\n\n']),
        whole(completion("it is fake-vendor-key")),
    ],
)
async def test_the_vendors_key_is_in_no_answer_and_no_log(
    start: Start, play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    bench = await start(play)

    async with bench.ask(stream=True) as response:
        text = await response.text()
    await until(lambda: "request" in caplog.messages)
    assert "[key]" in text
    assert "fake-vendor-key" not in text + str([vars(record) for record in caplog.records])


@pytest.mark.parametrize("reason", [["stop"], {}, {"a": 1}, 5])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_finish_reason_of_any_type(start: Start, reason: object, *, stream: bool) -> None:
    choice = {"index": 0, "message": {"content": "hi"}, "finish_reason": reason}
    frames = [delta(content="hi"), delta(finish_reason=reason), DONE]
    bench = await start(streamed(frames) if stream else whole(completion(choices=[choice])))

    async with bench.ask(stream=stream) as response:
        assert response.status == 200


async def test_counts_beyond_all_numbers_do_not_break_the_log(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    usage = {"prompt_tokens": 2**64 - 1, "completion_tokens": -1}
    bench = await start(whole(completion(usage=usage)))

    async with bench.ask() as response:
        assert response.status == 200
    (line,) = request_lines(caplog)
    assert line["tokens_used"] == 0


async def test_the_log_has_no_words_of_a_vendor(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bench = await start(whole(_refusal("your text was: dear diary", code="odd"), 400))

    async with bench.ask() as response:
        assert "dear diary" in await response.text()
    assert "dear diary" not in str([vars(record) for record in caplog.records])
    (line,) = request_lines(caplog)
    assert line["error"] == "the vendor answered 400 (odd)"
    assert line["status"] == 400


async def test_the_log_tells_our_own_timeout_from_a_client_that_left(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bench = await start(hangs, more='[server]\nrequest_timeout = "50ms"')

    async with bench.ask() as response:
        assert response.status == 504
    (line,) = request_lines(caplog)
    assert (line["status"], line["error"]) == (504, "the time was over")


@pytest.mark.parametrize("play", [streamed([DONE]), streamed([HELLO[0], DONE])])
async def test_an_answer_without_anything_is_an_error(start: Start, play: Play) -> None:
    bench = await start(play)

    async with bench.ask(stream=True) as response:
        assert response.status == 502
