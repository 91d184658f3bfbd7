"""The vendor behind all contestants: answers whole or as 100 chunks, in one burst or, for a model
whose name ends in `-paced-20`, 20 ms apart. Speaks Chat Completions and Messages.

Paced chunks tell when they were sent: `@123@` in their text is the machine's monotonic clock in
microseconds, so that whoever reads them knows how long they were under way.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from random import Random

import orjson
from aiohttp import web

CHUNKS = 100

Pause = Callable[[float], Awaitable[None]]
"""Passes the seconds between two chunks."""

PAUSE: web.AppKey[Pause] = web.AppKey("pause")

_HEAD = {"id": "chatcmpl-1", "created": 1, "model": "m"}
_VOCABULARY = """
    river stone market window early quiet letter garden harbour bridge winter paper silver
    because through between another against people always carried answered followed remembered
    the a of and in with for from every small large bright narrow open old new first last
"""
_CHANCE = Random(1)  # noqa: S311 - the same text each time
_WORDS = [
    "".join(f" {word}" for word in _CHANCE.choices(_VOCABULARY.split(), k=3)) for _ in range(CHUNKS)
]
_USAGE = {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60}
_COUNTS = {"input_tokens": 10, "output_tokens": 50}
_STREAM = {"Content-Type": "text/event-stream"}
_JSON = {"Content-Type": "application/json"}

_SMALL = 10_000
_STREAMED = re.compile(rb'"stream":\s*true')
_PACED = re.compile(rb"-paced-(\d+)")
_BEGINS = b'":" '
"""How the text of a chunk begins; a paced one has the time there."""


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    chunk = {**_HEAD, "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


CHAT = [
    _chunk({"role": "assistant", "content": ""}),
    *(_chunk({"content": word}) for word in _WORDS),
    _chunk({}, "stop"),
    b"data: [DONE]\n\n",
]


def _event(**fields: object) -> bytes:
    return f"event: {fields['type']}\ndata: ".encode() + orjson.dumps(fields) + b"\n\n"


_MESSAGE: dict[str, object] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m"}
_BEGUN = {**_MESSAGE, "content": [], "stop_reason": None, "usage": _COUNTS}

MESSAGES = [
    _event(type="message_start", message=_BEGUN),
    _event(type="content_block_start", index=0, content_block={"type": "text", "text": ""}),
    *(
        _event(type="content_block_delta", index=0, delta={"type": "text_delta", "text": word})
        for word in _WORDS
    ),
    _event(type="content_block_stop", index=0),
    _event(type="message_delta", delta={"stop_reason": "end_turn"}, usage=_COUNTS),
    _event(type="message_stop"),
]

_TEXT = "".join(_WORDS[:10])
_SAID = {"index": 0, "message": {"role": "assistant", "content": _TEXT}, "finish_reason": "stop"}
WHOLE_CHAT = orjson.dumps(
    {**_HEAD, "object": "chat.completion", "choices": [_SAID], "usage": _USAGE}
)
WHOLE_MESSAGE = orjson.dumps(
    {**_BEGUN, "content": [{"type": "text", "text": _TEXT}], "stop_reason": "end_turn"}
)


async def chat(request: web.Request) -> web.StreamResponse:
    return await _answer(request, WHOLE_CHAT, CHAT)


async def messages(request: web.Request) -> web.StreamResponse:
    return await _answer(request, WHOLE_MESSAGE, MESSAGES)


async def _answer(
    request: web.Request, whole: bytes, frames: Sequence[bytes]
) -> web.StreamResponse:
    body = await request.read()
    if len(body) > _SMALL or not _STREAMED.search(body):
        return web.Response(body=whole, headers=_JSON)
    paced = _PACED.search(body)
    if paced is None:
        return web.Response(body=b"".join(frames), headers=_STREAM)
    return await _paced(request, frames, int(paced[1]) / 1000)


async def _paced(
    request: web.Request, frames: Sequence[bytes], seconds: float
) -> web.StreamResponse:
    pause = request.app[PAUSE]
    response = web.StreamResponse(headers=_STREAM)
    await response.prepare(request)
    for frame in frames:
        begins = b'":"@%d@ ' % (time.monotonic_ns() // 1000)
        await response.write(frame.replace(_BEGINS, begins, 1))
        await pause(seconds)
    return response


def application(pause: Pause = asyncio.sleep) -> web.Application:
    app = web.Application(client_max_size=2**30)
    app[PAUSE] = pause
    app.router.add_post("/v1/chat/completions", chat)
    app.router.add_post("/v1/messages", messages)
    return app
