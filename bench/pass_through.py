"""The least that an aiohttp proxy can do: the yardstick. It understands nothing."""

from collections.abc import AsyncGenerator

import aiohttp
from aiohttp import web

SESSION = web.AppKey("session", aiohttp.ClientSession)
TARGET = web.AppKey("target", str)


async def relay(request: web.Request) -> web.StreamResponse:
    body = await request.read()
    url = request.app[TARGET] + request.path
    headers = {"Content-Type": "application/json"}
    async with request.app[SESSION].post(url, data=body, headers=headers) as upstream:
        if upstream.content_type != "text/event-stream":
            answer = await upstream.read()
            return web.Response(body=answer, headers={"Content-Type": "application/json"})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        async for data in upstream.content.iter_any():
            await response.write(data)
        await response.write_eof()
        return response


async def health(_request: web.Request) -> web.Response:
    """For whoever wants to know how soon the event loop answers."""
    return web.Response()


async def _open(app: web.Application) -> AsyncGenerator[None, None]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        app[SESSION] = session
        yield


def application(target: str) -> web.Application:
    app = web.Application(client_max_size=2**30)
    app[TARGET] = target
    app.cleanup_ctx.append(_open)
    app.router.add_get("/health", health)
    app.router.add_post("/v1/chat/completions", relay)
    app.router.add_post("/v1/messages", relay)
    return app
