"""A streaming client hears that somebody is there, whatever the vendor does."""

import asyncio
from typing import Any

import orjson
import pytest

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.events import End
from tests.integration.conftest import Start as StartRoute
from tests.support.halting import halting, held
from tests.support.log_lines import request_lines
from tests.support.one_vendor import PATHS, STREAMED, Start, asked
from tests.support.scripts import SCRIPTS, plays
from tests.support.vendor import HELLO, by_request, hangs, resets, streamed, whole

OFTEN = '[server]\nheartbeat = "20ms"\n'

COMMENT = b": keep-alive\n\n"
SIGNS = {
    "openai_chat": COMMENT,
    "openai_responses": COMMENT,
    "anthropic_messages": b'event: ping\ndata: {"type":"ping"}\n\n',
    "gemini": b"\n",
    "gemini_list": b"\n",
}
ERRORS = {
    "openai_chat": b'data: {"error":{',
    "openai_responses": b"event: error\ndata: {",
    "anthropic_messages": b"event: error\ndata: {",
    "gemini": b'data: {"error":{',
    "gemini_list": b'[{"error":{',
}
PATHS_OF_STREAMS = {**STREAMED, "gemini_list": "/v1beta/models/m:streamGenerateContent"}

every_client = pytest.mark.parametrize("client_of", list(SIGNS))


def _asked(client_of: str) -> dict[str, Any]:
    return asked(client_of.removesuffix("_list"), stream=True)


async def _read(client: Any, client_of: str, gate: asyncio.Event) -> tuple[bytes, bytes]:
    """The body up to some signs of life, and what comes once the vendor may go on."""
    before = b""
    async with client.post(PATHS_OF_STREAMS[client_of], json=_asked(client_of)) as response:
        assert 200 == response.status
        while not before.endswith(SIGNS[client_of] * 4):  # two line ends may be a frame's
            before += await response.content.readexactly(1)
        gate.set()
        return before, await response.read()


def _is_whole(client_of: str, body: bytes) -> bool:
    if client_of == "gemini_list":
        return [] != orjson.loads(body)
    reader = DIALECTS[client_of].read_stream()
    return isinstance([*reader.feed(body), *reader.close()][-1], End)


@every_client
@pytest.mark.parametrize("vendor", list(SCRIPTS))
async def test_before_the_vendor_answers(before_vendor: Start, client_of: str, vendor: str) -> None:
    gate, sign = asyncio.Event(), SIGNS[client_of]
    client, _ = await before_vendor(vendor, held(plays(vendor, "TALK"), gate), OFTEN)
    signs, answer = await _read(client, client_of, gate)

    assert sign * 4 == signs
    assert _is_whole(client_of, signs + answer)
    if client_of == vendor:
        assert b"".join(SCRIPTS[vendor]["TALK"].frames) == _without_signs(answer, sign)


def _without_signs(body: bytes, sign: bytes) -> bytes:
    """What stands behind the signs of life with which a body begins."""
    while body.startswith(sign):
        body = body[len(sign) :]
    return body


@every_client
@pytest.mark.parametrize("vendor", list(SCRIPTS))
async def test_in_the_middle_of_an_answer(
    before_vendor: Start, client_of: str, vendor: str
) -> None:
    frames, gate = SCRIPTS[vendor]["TALK"].frames, asyncio.Event()
    half = next(n for n, frame in enumerate(frames, 1) if b"Hel" in frame)
    client, _ = await before_vendor(vendor, halting(frames, half, gate), OFTEN)
    first, rest = await _read(client, client_of, gate)

    assert b"Hello" in first
    assert _is_whole(client_of, first + rest)
    if client_of == vendor:
        sign, begun = SIGNS[client_of], b"".join(frames[:half])
        assert first.startswith(begun)
        assert b"" == _without_signs(first.removeprefix(begun), sign)
        assert b"".join(frames[half:]) == _without_signs(rest, sign)


@every_client
async def test_an_error_after_the_first_sign(
    before_vendor: Start, client_of: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    gate = asyncio.Event()
    refusal = whole({"error": {"message": "too much to do"}}, 503)
    client, _ = await before_vendor("openai_chat", held(refusal, gate), OFTEN)
    signs, body = await _read(client, client_of, gate)

    error = _without_signs(signs + body, SIGNS[client_of])
    assert error.startswith(ERRORS[client_of])
    assert b"too much to do" in error
    (line,) = request_lines(caplog)
    assert 503 == line["status"]


async def test_no_time_left_after_the_first_sign(
    before_vendor: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    more = OFTEN + 'request_timeout = "200ms"'
    client, vendor = await before_vendor("openai_chat", hangs, more)
    async with client.post(STREAMED["openai_chat"], json=_asked("openai_chat")) as response:
        body = await response.read()

    assert 200 == response.status
    assert b"the request took longer than 0.2 s" in _without_signs(body, COMMENT)
    await vendor.left()
    (line,) = request_lines(caplog)
    assert (504, "the time was over") == (line["status"], line["error"])


async def test_a_stream_that_has_begun_may_take_longer(before_vendor: Start) -> None:
    gate = asyncio.Event()
    more = OFTEN + 'request_timeout = "100ms"'
    client, _ = await before_vendor("openai_chat", halting(HELLO, 2, gate), more)
    async with client.post(STREAMED["openai_chat"], json=_asked("openai_chat")) as response:
        asyncio.get_running_loop().call_later(0.15, gate.set)
        assert (await response.read()).endswith(HELLO[-1])


async def test_the_head_of_a_stream_that_had_to_wait(before_vendor: Start) -> None:
    gate = asyncio.Event()
    client, _ = await before_vendor("openai_chat", held(by_request, gate), OFTEN)
    headers = {"x-request-id": "mine"}
    path = STREAMED["anthropic_messages"]
    async with client.post(path, json=_asked("anthropic_messages"), headers=headers) as response:
        gate.set()
        await response.read()
    assert ("mine", "mine") == (response.headers["x-request-id"], response.headers["request-id"])
    assert "text/event-stream; charset=utf-8" == response.headers["Content-Type"]
    assert not [n for n in response.headers if n.startswith("x-llm-proxy") or n == "Server-Timing"]


async def test_an_error_before_the_first_sign_has_its_status(before_vendor: Start) -> None:
    client, _ = await before_vendor("openai_chat", resets)
    async with client.post(STREAMED["openai_chat"], json=_asked("openai_chat")) as response:
        assert 502 == response.status
        assert "application/json" == response.headers["Content-Type"]


async def test_while_targets_are_tried(start: StartRoute) -> None:
    """One that breaks late, then one that answers; the client reads one stream."""
    gate = asyncio.Event()
    targets = '[{ backend = "vendor", model = "a" }, { backend = "vendor", model = "b" }]'
    route = f'[stages.failover.routes."both"]\nattempts = {targets}\n'
    bench = await start(held(resets, gate), by_request, more=OFTEN + route, tries=2)

    async with bench.ask(model="both", stream=True) as response:
        assert COMMENT == await response.content.readexactly(len(COMMENT))
        gate.set()
        body = await response.read()

    assert b"".join(HELLO[:4]) + HELLO[-1] == _without_signs(body, COMMENT)
    assert ["a", "b"] == [received.json["model"] for received in bench.vendor.requests]


async def test_a_call_that_is_held_back(before_vendor: Start) -> None:
    """Google's clients want a call in one piece, so what the vendor says of it is not told."""
    frames, gate = SCRIPTS["openai_chat"]["WORK"].frames, asyncio.Event()
    half = next(n for n, frame in enumerate(frames, 1) if b"tool_calls" in frame)
    client, _ = await before_vendor("openai_chat", halting(frames, half, gate), OFTEN)
    text, call = await _read(client, "gemini", gate)

    assert b'"Hi"' in text
    assert b"functionCall" not in text
    assert b"functionCall" in call
    assert _is_whole("gemini", text + call)


@pytest.mark.parametrize("client_of", list(PATHS))
async def test_nothing_is_added_to_a_stream_that_flows(
    before_vendor: Start, client_of: str
) -> None:
    frames = SCRIPTS[client_of]["WORK"].frames
    client, _ = await before_vendor(client_of, streamed(frames))
    async with client.post(STREAMED[client_of], json=_asked(client_of)) as response:
        assert b"".join(frames) == await response.read()


@pytest.mark.parametrize("client_of", list(PATHS))
async def test_whole_answers_are_as_they_were(before_vendor: Start, client_of: str) -> None:
    gate = asyncio.Event()
    asyncio.get_running_loop().call_later(0.08, gate.set)
    client, _ = await before_vendor(client_of, held(plays(client_of, "TALK"), gate), OFTEN)
    async with client.post(PATHS[client_of], json=asked(client_of)) as response:
        assert SCRIPTS[client_of]["TALK"].whole == await response.json()
        assert "vendor" == response.headers["x-llm-proxy-backend"]
