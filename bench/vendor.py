"""The vendor behind both contestants: answers at once, whole or as 100 chunks, in one burst or, for
a model whose name ends so, 20 ms apart. Speaks Chat Completions and Messages."""

import asyncio
from collections.abc import Sequence

import orjson
from aiohttp import web

CHUNKS = 100

_HEAD = {"id": "chatcmpl-1", "created": 1, "model": "m"}


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    chunk = {**_HEAD, "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


_WORDS = [f"word{n} is not word{n * 7 % 101}, " for n in range(CHUNKS)]

CHAT = [
    _chunk({"role": "assistant", "content": ""}),
    *(_chunk({"content": word}) for word in _WORDS),
    _chunk({}, "stop"),
    b"data: [DONE]\n\n",
]


def _event(**fields: object) -> bytes:
    return f"event: {fields['type']}\ndata: ".encode() + orjson.dumps(fields) + b"\n\n"


_MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
_COUNTS = {"input_tokens": 10, "output_tokens": 50}

MESSAGES = [
    _event(type="message_start", message={**_MESSAGE, "stop_reason": None, "usage": _COUNTS}),
    _event(type="content_block_start", index=0, content_block={"type": "text", "text": ""}),
    *(
        _event(type="content_block_delta", index=0, delta={"type": "text_delta", "text": word})
        for word in _WORDS
    ),
    _event(type="content_block_stop", index=0),
    _event(type="message_delta", delta={"stop_reason": "end_turn"}, usage=_COUNTS),
    _event(type="message_stop"),
]

_STREAM = {"Content-Type": "text/event-stream"}
_PAUSE = 0.02
_SMALL = 10_000

WHOLE = orjson.dumps(
    {
        **_HEAD,
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "".join(_WORDS[:10])},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60},
    }
)


async def chat(request: web.Request) -> web.StreamResponse:
    return await _answer(request, CHAT)


async def messages(request: web.Request) -> web.StreamResponse:
    return await _answer(request, MESSAGES)


async def _answer(request: web.Request, frames: Sequence[bytes]) -> web.StreamResponse:
    body = await request.read()
    if len(body) > _SMALL or b'"stream":true' not in body:
        return web.Response(body=WHOLE, headers={"Content-Type": "application/json"})
    if b"-paced" not in body:
        return web.Response(body=b"".join(frames), headers=_STREAM)
    response = web.StreamResponse(headers=_STREAM)
    await response.prepare(request)
    for frame in frames:
        await response.write(frame)
        await asyncio.sleep(_PAUSE)
    return response


def application() -> web.Application:
    app = web.Application(client_max_size=2**30)
    app.router.add_post("/v1/chat/completions", chat)
    app.router.add_post("/v1/messages", messages)
    return app
