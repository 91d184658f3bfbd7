"""The vendor behind both contestants: answers at once, whole or as 100 chunks in one burst."""

import orjson
from aiohttp import web

CHUNKS = 100

_HEAD = {"id": "chatcmpl-1", "created": 1, "model": "m"}


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    chunk = {**_HEAD, "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


_WORDS = [f"word{n} is not word{n * 7 % 101}, " for n in range(CHUNKS)]

STREAM = b"".join(
    [
        _chunk({"role": "assistant", "content": ""}),
        *(_chunk({"content": word}) for word in _WORDS),
        _chunk({}, "stop"),
        b"data: [DONE]\n\n",
    ]
)

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


async def answer(request: web.Request) -> web.StreamResponse:
    body = await request.read()
    if b'"stream":true' in body[:200]:
        return web.Response(body=STREAM, headers={"Content-Type": "text/event-stream"})
    return web.Response(body=WHOLE, headers={"Content-Type": "application/json"})


def application() -> web.Application:
    app = web.Application(client_max_size=2**30)
    app.router.add_post("/v1/chat/completions", answer)
    return app
